// Package deploy holds what puts Zeph on hosts with their own addresses: docker-compose.yml and the Dockerfile at the
// top, stack.yml for a Swarm. Its test starts the whole composed cluster.
package deploy

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const root = ".."

// TestCompose runs docker-compose.yml from an empty machine's point of view: it comes up healthy, takes OSDs in that ask
// for their id, and keeps its data when all containers are made anew. What containers survive, pkg/chaos tests.
func TestCompose(t *testing.T) {
	if testing.Short() {
		t.Skip("starts containers")
	}
	needsDocker(t)
	p := newProject(t)
	p.compose("up", "-d", "--build")
	p.healthy(6)

	p.zeph(nil, "pool", "create", "demo", "--pg-num", "16")
	data := make([]byte, 6<<20)
	for i := range data {
		data[i] = byte(rand.Uint32())
	}
	p.zeph(data, "put", "demo/before", "-")

	p.compose("up", "-d", "--scale", "osd-extra=2")
	p.healthy(8)

	p.compose("down") // not -v: the data stay
	p.compose("up", "-d", "--scale", "osd-extra=2")
	p.healthy(8)
	if got := p.zeph(nil, "get", "demo/before", "-"); !bytes.Equal(got, data) {
		t.Errorf("%d bytes, which are not the %d that were put", len(got), len(data))
	}
}

// TestImage holds the image that is made without an engine to the Dockerfile's, and both to their limits.
func TestImage(t *testing.T) {
	if testing.Short() {
		t.Skip("builds an image")
	}
	needsDocker(t)
	binaries(t)
	tarred, built := name("tar"), name("built")
	t.Cleanup(func() { exec.Command("docker", "image", "rm", "-f", tarred, built).Run() })
	file := filepath.Join(t.TempDir(), "image.tar")
	run(t, root, nil, "go", "run", "./scripts/image-tar", "-name", tarred, "-o", file, "-version", "v", "-revision", "r")
	run(t, root, nil, "docker", "load", "-i", file)
	run(t, root, nil, "docker", "build", "-q", "-t", built, "--target", "local", "--build-arg", "VERSION=v", "--build-arg", "REVISION=r", ".")

	type image struct {
		Size   int64
		Config struct {
			User   string
			Env    []string
			Labels map[string]string
		}
	}
	var images []image
	if err := json.Unmarshal(run(t, root, nil, "docker", "inspect", tarred, built), &images); err != nil || len(images) != 2 {
		t.Fatalf("docker inspect: %v", err)
	}
	if a, b := fmt.Sprint(images[0].Config), fmt.Sprint(images[1].Config); a != b {
		t.Errorf("the images differ:\n%s\n%s", a, b)
	}
	for _, i := range images {
		if i.Size >= 40e6 {
			t.Errorf("an image has %d bytes, expected less than 40 MB", i.Size)
		}
		if i.Config.User == "" || strings.HasPrefix(i.Config.User, "0") {
			t.Errorf("user %q: expected one that is not root", i.Config.User)
		}
	}
}

// project is the cluster of docker-compose.yml under a name, image and networks of its own.
type project struct {
	t   *testing.T
	env []string
}

func newProject(t *testing.T) *project {
	binaries(t)
	id := fmt.Sprintf("zephtest%d", os.Getpid())
	net := rand.N(250) // other tests, and docker-compose.yml itself, have 10.77 and 10.78
	p := &project{t, append(os.Environ(),
		"COMPOSE_PROJECT_NAME="+id, "ZEPH_VERSION="+id, "ZEPH_BUILD_TARGET=local", "ZEPH_CAPACITY=1G",
		fmt.Sprintf("ZEPH_PUBLIC_NETWORK=10.75.%d.0/24", net), fmt.Sprintf("ZEPH_CLUSTER_NETWORK=10.76.%d.0/24", net))}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("%s", p.run(nil, "docker-compose", "logs", "--tail", "30", "--no-color"))
		}
		p.run(nil, "docker-compose", "down", "-v", "-t", "5")
		p.run(nil, "docker", "image", "rm", "-f", "zeph:"+id)
	})
	return p
}

func (p *project) compose(args ...string) {
	p.t.Helper()
	p.run(nil, "docker-compose", args...)
}

// zeph is the CLI in the client's container.
func (p *project) zeph(in []byte, args ...string) []byte {
	p.t.Helper()
	return p.run(in, "docker-compose", append([]string{"exec", "-T", "client", "zeph"}, args...)...)
}

func (p *project) run(in []byte, program string, args ...string) []byte {
	p.t.Helper()
	out, err := command(p.env, in, program, args...)
	if err != nil {
		p.t.Errorf("%v", err)
	}
	return out
}

// clusterStatus is what the test looks at of zeph status.
type clusterStatus struct {
	Health struct{ Status string }
	OSDs   struct{ Up, In int }
}

// healthy waits for a cluster that is well, with so many OSDs.
func (p *project) healthy(osds int) {
	p.t.Helper()
	p.until("healthy", func(s clusterStatus) bool {
		return s.Health.Status == "HEALTH_OK" && s.OSDs.Up == osds && s.OSDs.In == osds
	})
}

// until polls the state of the cluster, which is what someone beside it does, too.
func (p *project) until(what string, is func(clusterStatus) bool) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.t.Context(), 2*time.Minute)
	defer cancel()
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	var last []byte
	for {
		out, err := command(p.env, nil, "docker-compose", "exec", "-T", "client", "zeph", "-o", "json", "status")
		var s clusterStatus
		if err == nil {
			last = out
			if err := json.Unmarshal(out, &s); err != nil {
				p.t.Fatalf("status: %v: %s", err, out)
			}
			if is(s) {
				return
			}
		}
		select {
		case <-ctx.Done():
			p.t.Fatalf("not %s in two minutes: %v %s", what, err, last)
		case <-tick.C:
		}
	}
}

func command(env []string, in []byte, program string, args ...string) ([]byte, error) {
	cmd := exec.Command(program, args...)
	cmd.Dir, cmd.Env, cmd.Stdin = root, env, bytes.NewReader(in)
	var out, diag bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &diag
	if err := cmd.Run(); err != nil {
		return out.Bytes(), fmt.Errorf("%s %s: %w: %s%s", program, strings.Join(args, " "), err, out.Bytes(), diag.Bytes())
	}
	return out.Bytes(), nil
}

func run(t *testing.T, dir string, in []byte, program string, args ...string) []byte {
	t.Helper()
	out, err := command(nil, in, program, args...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// binaries builds what the image is made of.
func binaries(t *testing.T) { run(t, root, nil, "make", "--silent", "image-binaries") }

func name(what string) string { return fmt.Sprintf("zeph-test:%s-%d", what, os.Getpid()) }

// needsDocker skips where no container engine runs; in CI there is one.
func needsDocker(t *testing.T) {
	t.Helper()
	for _, try := range [][]string{{"docker", "info"}, {"docker-compose", "version"}} {
		if _, err := command(nil, nil, try[0], try[1:]...); err == nil {
			continue
		} else if os.Getenv("CI") != "" {
			t.Fatalf("%v: in CI a container engine must run", err)
		}
		t.Skipf("%s does not work: install Debian's docker.io and docker-compose, and start dockerd", strings.Join(try, " "))
	}
}
