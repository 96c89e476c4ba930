package chaos

import (
	"archive/tar"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"

	"zeph/pkg/client"
	"zeph/pkg/lab"
	"zeph/pkg/messenger/zmq"
)

// Connect connects a client of this process that dials as if it were in a container: in the client's, or in that of the
// daemon that it is beside. So cuts hold for it as for anybody, and its load stays in the project's networks.
func (t *composeTarget) Connect(ctx context.Context, who Who) (*client.Client, error) {
	dialler := func(ctx context.Context, network, addr string) (net.Conn, error) {
		return t.dialFrom(ctx, who.Beside, network, addr)
	}
	return dial(ctx, t.path("zeph.yaml"), zmq.Settings{Dial: dialler}, who)
}

func (t *composeTarget) dialFrom(ctx context.Context, beside, network, addr string) (net.Conn, error) {
	from, addr, err := t.way(beside, addr)
	if err != nil {
		return nil, err
	}
	return lab.DialFrom(from)(ctx, network, addr)
}

// way is the namespace of who dials, and the address of who is dialled, of whom the cluster file has only the name.
func (t *composeTarget) way(beside, addr string) (from, to string, err error) {
	var c container
	if beside == "" {
		c, err = t.service("client")
	} else {
		c, err = t.of(beside)
	}
	if err != nil {
		return "", "", err
	}
	if c.State.Pid == 0 {
		return "", "", fmt.Errorf("%s: has no network: it does not run", c.Name)
	}
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return "", "", err
	}
	if _, err := netip.ParseAddr(host); err != nil {
		peer, err := t.service(host)
		if err != nil {
			return "", "", err
		}
		if host = peer.address("public"); host == "" {
			return "", "", fmt.Errorf("%s: does not run", peer.Name)
		}
	}
	return fmt.Sprintf("/proc/%d/ns/net", c.State.Pid), net.JoinHostPort(host, port), nil
}

// fetchCluster gets the cluster file out of its volume.
func (t *composeTarget) fetchCluster(ctx context.Context) error {
	c, err := t.service("client")
	if err != nil {
		return err
	}
	out, err := t.docker(ctx, "cp", c.ID+":/cluster/zeph.yaml", "-")
	if err != nil {
		return err
	}
	r := tar.NewReader(bytes.NewReader(out))
	if _, err := r.Next(); err != nil {
		return fmt.Errorf("docker cp: %w", err)
	}
	text, err := io.ReadAll(r)
	if err != nil {
		return fmt.Errorf("docker cp: %w", err)
	}
	return os.WriteFile(t.path("zeph.yaml"), text, 0o644)
}
