package main

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"zeph/pkg/daemon"
	"zeph/pkg/world"
)

// clusterCommand writes the file that a new cluster begins with.
func clusterCommand() *cobra.Command {
	var file string
	var keep bool
	cmd := &cobra.Command{
		Use:   "new-cluster NAME=HOST[:PORT]...",
		Short: "Write the cluster file of a new cluster",
		Long: `Write the cluster file of a new cluster: its fsid, and for each monitor its addresses and its store.

A monitor listens on three ports in a row, of which PORT is the first; default 7100.`,
		Example: "  zeph-mon new-cluster --cluster zeph.yaml a=10.0.0.1 b=10.0.0.2 c=10.0.0.3",
		Args:    cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := newCluster(args)
			if err != nil {
				return daemon.Usage(err)
			}
			made, err := create(file, c.Encode(), keep)
			switch {
			case err != nil:
				return err
			case made:
				fmt.Fprintf(cmd.OutOrStdout(), "cluster %v, monitors %s, in %s\n", c.FSID, strings.Join(args, " "), file)
			default:
				fmt.Fprintf(cmd.OutOrStdout(), "%s is there already, and stays as it is\n", file)
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&file, "cluster", "zeph.yaml", "the `file` to write")
	cmd.Flags().BoolVar(&keep, "keep", false, "a file that is there stays, and all is well")
	return cmd
}

// newCluster is a cluster of the monitors that the arguments name.
func newCluster(args []string) (*world.Cluster, error) {
	var errs []error
	lines := fmt.Sprintf("fsid: %v\nmons:\n", world.NewUUID())
	seen := map[string]bool{}
	for _, arg := range args {
		name, at, ok := strings.Cut(arg, "=")
		host, port, err := hostPort(at)
		switch {
		case !ok || name == "" || err != nil:
			errs = append(errs, fmt.Errorf("%q: expected NAME=HOST or NAME=HOST:PORT, such as a=10.0.0.1", arg))
		case seen[name]:
			errs = append(errs, fmt.Errorf("%q: mon.%s is named twice", arg, name))
		}
		seen[name] = true
		lines += fmt.Sprintf("  %s: {control: %q, bulk: %q, hints: %q, store: %v}\n",
			name, endpoint(host, port), endpoint(host, port+1), endpoint(host, port+2), world.NewUUID())
	}
	if len(args) == 0 {
		errs = append(errs, errors.New("no monitor is named"))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return world.ParseCluster([]byte(lines))
}

const firstPort = 7100

func hostPort(at string) (host string, port int, err error) {
	if host, p, err := net.SplitHostPort(at); err == nil {
		port, err := strconv.Atoi(p)
		if err != nil || port < 1 || port > 65533 || host == "" {
			return "", 0, errors.New("no port, or no host")
		}
		return host, port, nil
	}
	if at == "" || strings.Contains(at, ":") && net.ParseIP(at) == nil {
		return "", 0, errors.New("no host")
	}
	return at, firstPort, nil
}

func endpoint(host string, port int) string {
	return "tcp://" + net.JoinHostPort(host, strconv.Itoa(port))
}

// create writes a file that is not there yet, whole or not at all.
func create(file string, text []byte, keep bool) (made bool, err error) {
	f, err := os.CreateTemp(filepath.Dir(file), ".zeph-*.yaml")
	if err != nil {
		return false, err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(text)
	if err := errors.Join(err, f.Chmod(0o644), f.Sync(), f.Close()); err != nil {
		return false, err
	}
	err = os.Link(f.Name(), file)
	if errors.Is(err, fs.ErrExist) && keep {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("cluster file %s: %w", file, errors.Unwrap(err))
	}
	return true, nil
}
