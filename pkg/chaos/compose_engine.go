package chaos

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// container is what the engine says of one.
type container struct {
	ID    string `json:"Id"`
	Name  string
	State struct {
		Running, Paused bool
		Pid             int // on the host
	}
	Config struct {
		Env    []string
		Labels map[string]string
	}
	Mounts          []struct{ Source, Destination string }
	NetworkSettings struct {
		Networks map[string]struct{ IPAddress string }
	}

	service string // of the project
	daemon  string // mon.a, osd.3; empty: it is none
}

func (c *container) state() State {
	switch {
	case c.State.Paused:
		return Paused
	case c.State.Running:
		return Running
	}
	return Gone
}

func (c *container) location() string { return c.env("ZEPH_CRUSH_LOCATION") }

func (c *container) env(name string) string {
	for _, e := range c.Config.Env {
		if value, ok := strings.CutPrefix(e, name+"="); ok {
			return value
		}
	}
	return ""
}

// address is a container's in one of the project's networks, public or cluster; empty: it has none.
func (c *container) address(network string) string {
	for name, n := range c.NetworkSettings.Networks {
		if strings.HasSuffix(name, "_"+network) {
			return n.IPAddress
		}
	}
	return ""
}

// data is where the host has what a daemon stores.
func (c *container) data() string {
	for _, m := range c.Mounts {
		if m.Destination == "/data" {
			return m.Source
		}
	}
	return ""
}

// look asks for all containers of the project.
func (t *composeTarget) look(ctx context.Context) ([]container, error) {
	now := t.now()
	list, err := t.docker(ctx, "ps", "-aq", "--no-trunc", "--filter", "label=com.docker.compose.project="+now.Project)
	if err != nil {
		return nil, err
	}
	var all []container
	if ids := strings.Fields(string(list)); len(ids) > 0 {
		out, err := t.docker(ctx, append([]string{"inspect"}, ids...)...)
		if err != nil {
			return nil, err
		}
		if err := json.Unmarshal(out, &all); err != nil {
			return nil, fmt.Errorf("docker inspect: %w", err)
		}
	}
	for i := range all {
		c := &all[i]
		c.service = c.Config.Labels["com.docker.compose.service"]
		c.daemon = now.daemonOf(c.service)
	}
	t.seen.Store(&all)
	return all, nil
}

// daemonOf is who runs in a service.
func (c *composeState) daemonOf(service string) string {
	for _, kind := range []string{"mon", "osd"} {
		if id, ok := strings.CutPrefix(service, kind+"-"); ok && id != "extra" {
			return kind + "." + id
		}
	}
	return c.Extra[service]
}

// of is the container of a daemon, as last seen.
func (t *composeTarget) of(daemon string) (container, error) {
	return t.find(daemon, func(c *container) bool { return c.daemon == daemon })
}

// service is the container of a service, as last seen.
func (t *composeTarget) service(name string) (container, error) {
	return t.find("service "+name, func(c *container) bool { return c.service == name })
}

func (t *composeTarget) find(what string, is func(*container) bool) (container, error) {
	if seen := t.seen.Load(); seen != nil {
		for _, c := range *seen {
			if is(&c) {
				return c, nil
			}
		}
	}
	return container{}, fmt.Errorf("%s: has no container", what)
}

// docker and compose give commands, compose of the project.

func (t *composeTarget) docker(ctx context.Context, args ...string) ([]byte, error) {
	return t.command(ctx, "docker", args...)
}

func (t *composeTarget) compose(ctx context.Context, args ...string) ([]byte, error) {
	args = append([]string{"-p", t.now().Project, "-f", t.path("docker-compose.json")}, args...)
	if _, err := exec.LookPath("docker-compose"); err != nil {
		return t.command(ctx, "docker", append([]string{"compose"}, args...)...) // the plugin
	}
	return t.command(ctx, "docker-compose", args...)
}

func (t *composeTarget) command(ctx context.Context, program string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, program, args...)
	now := t.now()
	cmd.Env = append(os.Environ(), "ZEPH_PUBLIC_NETWORK="+now.Public, "ZEPH_CLUSTER_NETWORK="+now.Cluster)
	var out, diag bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &diag
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("%s %s: %w: %s", program, strings.Join(args, " "), err, lastLines(diag.String()))
	}
	if args[0] == "logs" { // a daemon's own are on its stderr
		out.Write(diag.Bytes())
	}
	return out.Bytes(), nil
}

func lastLines(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-5):], "\n")
}
