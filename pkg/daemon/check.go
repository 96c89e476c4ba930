package daemon

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"zeph/pkg/messenger"
	"zeph/pkg/wire"
	"zeph/pkg/world"
)

// CheckCommand asks a daemon that runs whether it is well. It is what a container's health check runs.
func CheckCommand(place string) *cobra.Command {
	c, most := new(Common), time.Duration(0)
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Ask the daemon that serves the folder whether it is well; the exit code says so",
		Long: `Ask the daemon that serves the folder whether it is well; the exit code says so.

It is well when it answers, and neither its loop nor its disk has stood still for longer than --most.`,
		Args: NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := c.Validate(nil); err != nil {
				return Usage(err)
			}
			text, err := c.check(cmd.Context(), place, most)
			if err == nil {
				fmt.Fprintln(cmd.OutOrStdout(), text)
			}
			return err
		},
	}
	c.Flags(cmd.Flags())
	cmd.Flags().DurationVar(&most, "most", 5*time.Second, "longest `time` for an answer, for a turn of the loop, for a commit")
	return cmd
}

// check pings the daemon at one of its places.
func (c *Common) check(ctx context.Context, place string, most time.Duration) (string, error) {
	addrs, err := c.announced()
	if err != nil {
		return "", err
	}
	cluster, err := c.ReadCluster()
	if err != nil {
		return "", err
	}
	transport, err := c.Transport()
	if err != nil {
		return "", err
	}
	self, err := wire.ParseEntity("client.check")
	if err != nil {
		return "", err
	}
	m, err := messenger.New(messenger.Config{
		Entity: self, GID: wire.GID(world.NewSeed()), FSID: cluster.FSID, Transport: transport, Software: Software("zeph"),
	})
	if err != nil {
		return "", err
	}
	defer m.Close(ctx)
	ctx, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	link := m.Link(messenger.Peer{Addrs: map[string]string{wire.Control.String(): addrs[place]}}, wire.Control)
	answer, err := link.Call(ctx, &messenger.Message{Header: wire.Header{Type: wire.TypePing}, Body: wire.AppendBody(nil, &wire.Ping{})})
	if errors.Is(err, context.DeadlineExceeded) {
		return "", fmt.Errorf("no answer from %s at %s in %v", place, addrs[place], most)
	}
	if err != nil {
		return "", fmt.Errorf("%s at %s: %w", place, addrs[place], err)
	}
	defer answer.Release()
	var pong wire.Pong
	if err := answer.Parse(&pong); err != nil {
		return "", err
	}
	turn, commit := time.Duration(pong.Turn)*time.Microsecond, time.Duration(pong.Commit)*time.Microsecond
	switch {
	case turn > most:
		return "", fmt.Errorf("%v answers, but its loop has stood still for %v", answer.Entity, turn)
	case commit > most:
		return "", fmt.Errorf("%v answers, but its disk has not finished a commit for %v", answer.Entity, commit)
	}
	return fmt.Sprintf("%v is well", answer.Entity), nil
}

// announced is where the daemon said that it listens.
func (c *Common) announced() (map[string]string, error) {
	file := filepath.Join(c.Data, "addrs.json")
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("folder %s: no daemon has served it yet", c.Data)
	}
	if err != nil {
		return nil, err
	}
	var addrs map[string]string
	if err := json.Unmarshal(text, &addrs); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return addrs, nil
}
