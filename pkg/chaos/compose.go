package chaos

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"zeph/pkg/client"
	"zeph/pkg/lab"
	"zeph/pkg/scenario"
	"zeph/pkg/status"
)

// composeTarget is a cluster of containers: docker-compose.yml with as many monitors and OSDs as the scenario wants, as
// a project of its own, with an image, networks and volumes of its own. Its folder has
//
//	docker-compose.json   the services: what docker-compose itself works on
//	compose.json          what was done to them, written before it is done (composeState)
//	zeph.yaml             the cluster file, as the containers know it
type composeTarget struct {
	opts Options

	seen atomic.Pointer[[]container] // as last seen: those who dial look here

	net sync.Mutex // held while the packet filter or the services change

	mu    sync.Mutex   // calls come side by side
	state composeState // as on the disk; what it refers to is replaced, not changed
}

// composeState is compose.json.
type composeState struct {
	Project string            `json:"project"`
	Source  string            `json:"source"`          // the folder of docker-compose.yml
	Public  string            `json:"public_network"`  // of the monitors, and of OSDs towards clients
	Cluster string            `json:"cluster_network"` // of OSDs among themselves
	Hosts   int               `json:"hosts"`           // of the scenario
	Racks   int               `json:"racks,omitempty"` //
	Extra   map[string]string `json:"extra,omitempty"` // service → OSD, of those that joined later
	Cuts    []Fault           `json:"cuts,omitempty"`  //
	Held    []held            `json:"held,omitempty"`  // disks that hang or are slow
}

// held is a disk that hangs or is slow.
type held struct {
	Of   string
	Hold lab.Hold
}

func openCompose(o Options) (Target, error) {
	t := &composeTarget{opts: o}
	t.state.Project = fmt.Sprintf("zephchaos%x", sha256.Sum256([]byte(o.Folder)))[:24]
	text, err := os.ReadFile(t.path("compose.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return t, nil
	}
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(text, &t.state); err != nil {
		return nil, fmt.Errorf("%s: %w", t.path("compose.json"), err)
	}
	return t, nil
}

func (t *composeTarget) path(name string) string {
	return filepath.Join(t.opts.Folder, "cluster", name)
}

func (t *composeTarget) say(format string, args ...any) {
	if t.opts.Talk != nil {
		t.opts.Talk(format, args...)
	}
}

// edit changes the state, and writes it down before anything else is done.
func (t *composeTarget) edit(change func(*composeState)) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	change(&t.state)
	return t.write("compose.json", t.state)
}

// now is the state.
func (t *composeTarget) now() composeState {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.state
}

func (t *composeTarget) write(name string, value any) error {
	text, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(t.path(name)), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(t.path(name+".new"), append(text, '\n'), 0o644); err != nil {
		return err
	}
	return os.Rename(t.path(name+".new"), t.path(name))
}

func (t *composeTarget) Can(verb string) error {
	if _, err := t.docker(context.Background(), "info", "--format", "{{.ServerVersion}}"); err != nil {
		return fmt.Errorf("containers need an engine that answers (apt-get install docker.io docker-compose): %w", err)
	}
	switch verb {
	case "cut", "refuse":
		if err := lab.CanCut(""); err != nil {
			return err
		}
		return bridgesAreFiltered()
	case "stick", "slow":
		return lab.CanHang()
	case "rot":
		if os.Getuid() != 0 {
			return errors.New("volumes of containers are root's")
		}
	}
	return nil
}

// Up starts containers. An image that is there is taken: who has changed the code builds it (docker-compose build).
func (t *composeTarget) Up(ctx context.Context, s *scenario.Scenario) error {
	if err := t.prepare(s); err != nil {
		return err
	}
	if err := t.image(ctx); err != nil {
		return err
	}
	if err := t.start(ctx, s); err != nil {
		return err
	}
	if err := t.fetchCluster(ctx); err != nil {
		return err
	}
	c, err := t.Connect(ctx, Who{Name: "maker"})
	if err != nil {
		return err
	}
	defer c.Close()
	for _, set := range settingsOf(s) {
		if _, err := c.MonCommand(ctx, "config set", client.Args{"who": set[0], "name": set[1], "value": set[2]}); err != nil {
			return fmt.Errorf("config set %v: %w", set, err)
		}
	}
	if err := awaitUp(ctx, c, s.OSDs); err != nil {
		return err
	}
	if err := makePools(ctx, c, s); err != nil {
		return err
	}
	return awaitClean(ctx, c, s)
}

// prepare writes down what is to be started.
func (t *composeTarget) prepare(s *scenario.Scenario) error {
	source, err := findCompose()
	if err != nil {
		return err
	}
	shipped, err := os.ReadFile(filepath.Join(source, "docker-compose.yml"))
	if err != nil {
		return err
	}
	services, err := shape(shipped, source, s)
	if err != nil {
		return fmt.Errorf("%s: %w", filepath.Join(source, "docker-compose.yml"), err)
	}
	if err := t.write("docker-compose.json", services); err != nil {
		return err
	}
	return t.edit(func(c *composeState) {
		c.Hosts, c.Racks = s.Hosts, s.Racks
		c.subnets()
	})
}

// subnets draws the project's.
func (c *composeState) subnets() {
	n := 10 + rand.N(240)
	c.Public, c.Cluster = fmt.Sprintf("10.77.%d.0/24", n), fmt.Sprintf("10.78.%d.0/24", n)
}

// findCompose is the folder of docker-compose.yml: this one, or the next above that has it.
func findCompose() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for ; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "docker-compose.yml")); err == nil {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			return "", errors.New("docker-compose.yml is neither here nor above: run this inside a clone of Zeph")
		}
	}
}

func (t *composeTarget) image(ctx context.Context) error {
	if _, err := t.docker(ctx, "image", "inspect", "--format", "{{.Created}}", image()); err == nil {
		return nil
	}
	t.say("%s is not there: building it", image())
	_, err := t.compose(ctx, "build", "setup")
	return err
}

func image() string {
	version := os.Getenv("ZEPH_VERSION")
	if version == "" {
		version = "latest"
	}
	return "zeph:" + version
}

// start starts all containers. Networks that somebody else has are replaced by others.
func (t *composeTarget) start(ctx context.Context, s *scenario.Scenario) error {
	for tries := 0; ; tries++ {
		_, err := t.compose(ctx, "up", "-d")
		if err == nil {
			t.say("%d containers run, as %s", s.Mons+s.OSDs+1, t.now().Project)
			_, err := t.look(ctx)
			return err
		}
		if tries == 5 || !strings.Contains(err.Error(), "overlap") {
			return err
		}
		if err := t.edit((*composeState).subnets); err != nil {
			return err
		}
	}
}

// awaitUp waits until so many OSDs are up: before, a pool could not be made, for nobody would know where.
func awaitUp(ctx context.Context, c *client.Client, osds int) error {
	for {
		s, err := ask[status.Status](ctx, c, "status", nil)
		if err == nil && s.OSDs.Up == osds {
			return nil
		}
		if stop := rest(ctx, poll); stop != nil {
			return fmt.Errorf("%d OSDs are not up: %w", osds, errors.Join(stop, err))
		}
	}
}

// poll is how often we look at what containers are to become.
const poll = 100 * time.Millisecond

// Add starts a service made from osd-extra: it asks the monitors for an id.
func (t *composeTarget) Add(ctx context.Context, host string) (string, error) {
	t.net.Lock()
	defer t.net.Unlock()
	now := t.now()
	service := fmt.Sprint("extra-", len(now.Extra))
	if err := t.name(service, ""); err != nil { // nobody knows it yet
		return "", err
	}
	var file composeFile
	if err := t.read("docker-compose.json", &file); err != nil {
		return "", err
	}
	file.addExtra(service, now.place(host))
	if err := t.write("docker-compose.json", file); err != nil {
		return "", err
	}
	if _, err := t.compose(ctx, "up", "-d", "--no-deps", "--no-recreate", service); err != nil {
		return "", err
	}
	name, err := t.awaitName(ctx, service)
	if err != nil {
		return "", err
	}
	if err := t.name(service, name); err != nil {
		return "", err
	}
	return name, t.applyCuts(ctx)
}

// name says who runs in a service.
func (t *composeTarget) name(service, daemon string) error {
	return t.edit(func(c *composeState) {
		extra := map[string]string{service: daemon}
		for s, d := range c.Extra {
			if s != service {
				extra[s] = d
			}
		}
		c.Extra = extra
	})
}

func (t *composeTarget) read(name string, value any) error {
	text, err := os.ReadFile(t.path(name))
	if err != nil {
		return err
	}
	return json.Unmarshal(text, value)
}

// place is a host's in the hierarchy; empty: the container is a host of its own.
func (c *composeState) place(host string) string {
	if host == "" {
		return ""
	}
	at := "host=" + host
	if n := 0; c.Racks > 0 {
		fmt.Sscanf(host, "h%d", &n)
		at += fmt.Sprint(" rack=r", n%c.Racks)
	}
	return at
}

// awaitName waits until an OSD that asked for its id says that it is ready.
func (t *composeTarget) awaitName(ctx context.Context, service string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, readyTime)
	defer cancel()
	for {
		if _, err := t.look(ctx); err != nil {
			return "", err
		}
		c, err := t.service(service)
		if err != nil {
			return "", err
		}
		out, err := t.docker(ctx, "logs", c.ID)
		if err != nil {
			return "", err
		}
		for line := range strings.Lines(string(out)) {
			if name, ok := strings.CutPrefix(strings.TrimSpace(line), "ready "); ok {
				return name, nil
			}
		}
		if err := rest(ctx, poll); err != nil {
			return "", fmt.Errorf("%s: not ready: %w", service, err)
		}
	}
}

const readyTime = 2 * time.Minute // of a busy machine

// Down removes containers, networks and volumes; the image stays. It does without our folder, should somebody have
// removed that.
func (t *composeTarget) Down(ctx context.Context) error {
	err := t.release(ctx)
	of := "label=com.docker.compose.project=" + t.now().Project
	for _, kind := range []struct{ list, remove []string }{
		{[]string{"ps", "-aq"}, []string{"rm", "-f", "-v"}},
		{[]string{"network", "ls", "-q"}, []string{"network", "rm"}},
		{[]string{"volume", "ls", "-q"}, []string{"volume", "rm"}},
	} {
		ids, e := t.docker(ctx, append(kind.list, "--filter", of)...)
		if all := strings.Fields(string(ids)); e == nil && len(all) > 0 {
			_, e = t.docker(ctx, append(kind.remove, all...)...)
		}
		err = errors.Join(err, e)
	}
	return err
}

// Mend takes everything back.
func (t *composeTarget) Mend(ctx context.Context) error {
	if err := t.release(ctx); err != nil {
		return err
	}
	all, err := t.look(ctx)
	if err != nil {
		return err
	}
	err = sideBySide(all, func(c container) error {
		if c.daemon == "" || c.state() != Gone {
			return nil
		}
		return t.run(ctx, c)
	})
	_, err2 := t.look(ctx)
	return errors.Join(err, err2)
}

// release takes back what holds containers: cuts, disks that hang, pauses.
func (t *composeTarget) release(ctx context.Context) error {
	t.net.Lock()
	defer t.net.Unlock()
	var err error
	for _, h := range t.now().Held {
		err = errors.Join(err, h.Hold.Release(ctx))
	}
	if lab.CanCut("") == nil {
		err = errors.Join(err, t.filter().Remove())
	}
	all, e := t.look(ctx)
	err = errors.Join(err, e)
	for _, c := range all {
		if c.state() == Paused {
			_, e := t.docker(ctx, "unpause", c.ID)
			err = errors.Join(err, e)
		}
	}
	if now := t.now(); err != nil || len(now.Held)+len(now.Cuts) == 0 {
		return err
	}
	return t.edit(func(c *composeState) { c.Held, c.Cuts = nil, nil })
}

// Daemons are the containers of monitors and OSDs.
func (t *composeTarget) Daemons(ctx context.Context) ([]Daemon, error) {
	containers, err := t.look(ctx)
	var all []Daemon
	for _, c := range containers {
		if c.daemon != "" {
			all = append(all, Daemon{Name: c.daemon, State: c.state(), Location: c.location(), Log: "docker logs " + strings.TrimPrefix(c.Name, "/")})
		}
	}
	slices.SortFunc(all, byName)
	return all, err
}

// byName has monitors first, and OSDs by number.
func byName(a, b Daemon) int {
	if a.IsOSD() != b.IsOSD() {
		if b.IsOSD() {
			return -1
		}
		return 1
	}
	if len(a.Name) != len(b.Name) {
		return len(a.Name) - len(b.Name)
	}
	return strings.Compare(a.Name, b.Name)
}

// Logs has what the containers said.
func (t *composeTarget) Logs(ctx context.Context, folder string) error {
	containers, err := t.look(ctx)
	for _, c := range containers {
		if c.daemon == "" {
			continue
		}
		out, e := t.docker(ctx, "logs", c.ID)
		err = errors.Join(err, e, os.WriteFile(filepath.Join(folder, c.daemon+".log"), out, 0o644))
	}
	return err
}
