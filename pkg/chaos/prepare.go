package chaos

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"zeph/pkg/client"
	"zeph/pkg/scenario"
	"zeph/pkg/status"
)

// What every target does to a new cluster, whatever its processes are, once the monitors answer.

// settingsOf are the cluster's settings that a scenario wants, as who, name, value. What no setting is on
// real processes (the length of logs) is as in any cluster.
func settingsOf(s *scenario.Scenario) [][3]string {
	return [][3]string{
		{"osd", "osd_heartbeat_interval", millis(s.Heartbeat)},
		{"osd", "osd_heartbeat_grace", millis(s.Grace)},
		{"mon", "mon_osd_down_out_interval", millis(s.DownOut)},
		{"mon", "mon_min_osdmap_epochs", fmt.Sprint(s.MinMaps)},
		{"osd", "osd_max_scrubs", "4"}, // all copies are compared in the end, and nobody else waits for the disks then
	}
}

// millis is a length of time in the settings' form, which knows one unit.
func millis(d time.Duration) string { return fmt.Sprint(d.Milliseconds(), "ms") }

// locationOf is where an OSD stands, in the form of --crush-location.
func locationOf(s *scenario.Scenario, id int) string {
	host := id % s.Hosts
	at := fmt.Sprint("host=h", host)
	if s.Racks > 0 {
		at += fmt.Sprint(" rack=r", host%s.Racks)
	}
	return at
}

// makePools makes a scenario's pools, in order: the first one is pool 1.
func makePools(ctx context.Context, c *client.Client, s *scenario.Scenario) error {
	for _, p := range s.AllPools() {
		rule := "spread-" + p.Domain
		_, err := c.MonCommand(ctx, "crush rule create-replicated", client.Args{"name": rule, "root": "default", "type": p.Domain})
		if err != nil && !errors.Is(err, client.ErrExists) {
			return fmt.Errorf("rule %s: %w", rule, err)
		}
		_, err = c.MonCommand(ctx, "pool create", client.Args{
			"name": p.Name, "size": fmt.Sprint(p.Size), "min_size": fmt.Sprint(p.MinSize), "pg_num": fmt.Sprint(p.PGs), "rule": rule,
			"read_lease_interval": millis(s.Lease), "yes": "true", // a long one is meant
		})
		if err != nil {
			return fmt.Errorf("pool %s: %w", p.Name, err)
		}
	}
	return nil
}

// ask gives a command to the monitors and reads the answer.
func ask[T any](ctx context.Context, c *client.Client, command string, args client.Args) (*T, error) {
	answer, err := c.MonCommand(ctx, command, args)
	if err != nil {
		return nil, err
	}
	value := new(T)
	if err := json.Unmarshal(answer.JSON, value); err != nil {
		return nil, fmt.Errorf("%s: %w", command, err)
	}
	return value, nil
}

// awaitClean waits until every PG that a scenario's pools have is active+clean.
func awaitClean(ctx context.Context, c *client.Client, s *scenario.Scenario) error {
	want := 0
	for _, p := range s.AllPools() {
		want += p.PGs
	}
	for {
		list, err := ask[status.PGList](ctx, c, "pg ls", nil)
		if err == nil && list.Known && len(list.PGs) == want && allClean(list.PGs) {
			return nil
		}
		if err := rest(ctx, 100*time.Millisecond); err != nil {
			return fmt.Errorf("not clean: %w", err)
		}
	}
}

func allClean(pgs []status.PG) bool {
	for i := range pgs {
		if pgs[i].State != "active+clean" {
			return false
		}
	}
	return true
}

// rest waits a while, unless the context ends first.
func rest(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
