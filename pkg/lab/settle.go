package lab

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"zeph/pkg/status"
)

// settle waits until the cluster is healthy and makes the first pool, telling of it.
func (u *upper) settle(ctx context.Context) error {
	conn, err := u.opts.dial()(ctx, u.l)
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := u.quorum(ctx, conn); err != nil {
		return err
	}
	if err := u.configure(ctx, conn); err != nil {
		return err
	}
	if err := u.osdsReady(ctx); err != nil {
		return err
	}
	if err := u.pool(ctx, conn); err != nil {
		return err
	}
	if err := u.healthy(ctx, conn); err != nil {
		return err
	}
	u.say("ready in %s   stop: zeph lab down", u.since())
	return nil
}

func (u *upper) say(format string, args ...any) { fmt.Fprintf(u.opts.Talk, format+"\n", args...) }

func (u *upper) since() string { return seconds(time.Since(u.began)) }

func seconds(d time.Duration) string { return fmt.Sprintf("%.1f s", d.Seconds()) }

// ids are those of daemons: "a,b,c"; of more than two OSDs in a row "0..5".
func ids(daemons []*Daemon) string {
	var all []string
	for _, d := range daemons {
		all = append(all, d.ID())
	}
	if n := len(all); n > 2 && daemons[0].Kind == OSD && fmt.Sprint(n-1) == all[n-1] {
		return "0.." + all[n-1]
	}
	return strings.Join(all, ",")
}

func (u *upper) quorum(ctx context.Context, conn commander) error {
	if err := each(u.members(), func(d *Daemon) error { return d.ready(ctx) }); err != nil {
		return err
	}
	st, err := waitStatus(ctx, conn, func(st *status.Status) bool { return st.Mons.Leader != "" })
	if err != nil {
		return err
	}
	u.say("%-11s quorum in %s, leader %s (term %d)", "mon "+ids(u.members()), u.since(), st.Mons.Leader, st.Mons.Term)
	return nil
}

func (u *upper) configure(ctx context.Context, conn commander) error {
	if !u.fresh {
		return nil
	}
	for _, c := range u.opts.Config {
		args := map[string]string{"who": c.Who, "name": c.Name, "value": c.Value}
		if _, err := conn.MonCommand(ctx, "config set", args); err != nil {
			return fmt.Errorf("config set %s %s %s: %w", c.Who, c.Name, c.Value, err)
		}
	}
	return nil
}

func (u *upper) osdsReady(ctx context.Context) error {
	osds := u.s.of(OSD)
	if err := each(osds, func(d *Daemon) error { return d.ready(ctx) }); err != nil {
		return err
	}
	hosts, racks := places(osds)
	u.say("%-11s up %d, in %d   hosts %s   racks %s", "osd "+ids(osds), len(osds), len(osds), strings.Join(hosts, " "), strings.Join(racks, " "))
	return nil
}

// places are the hosts and racks that OSDs stand in, in the order in which they come.
func places(osds []*Daemon) (hosts, racks []string) {
	seen := make(map[string]bool)
	for _, d := range osds {
		for _, word := range strings.Fields(d.Location) {
			kind, name, _ := strings.Cut(word, "=")
			if seen[word] {
				continue
			}
			seen[word] = true
			if kind == "host" {
				hosts = append(hosts, name)
			} else {
				racks = append(racks, name)
			}
		}
	}
	return hosts, racks
}

// rule is the name of the CRUSH rule for a lab's pools: each copy on another host.
const rule = "spread-host"

func (u *upper) pool(ctx context.Context, conn commander) error {
	if !u.fresh || u.opts.NoPool {
		return nil
	}
	p := u.opts.Pool
	_, err := conn.MonCommand(ctx, "crush rule create-replicated", map[string]string{"name": rule, "root": "default", "type": "host"})
	if err != nil {
		return fmt.Errorf("rule %s: %w", rule, err)
	}
	args := map[string]string{
		"name": p.Name, "size": fmt.Sprint(p.Size), "min_size": fmt.Sprint(p.MinSize), "pg_num": fmt.Sprint(p.PGs), "rule": rule,
	}
	if _, err := conn.MonCommand(ctx, "pool create", args); err != nil {
		return fmt.Errorf("pool %s: %w", p.Name, err)
	}
	u.say("%-11s size %d, min_size %d, %d PGs, rule %s", "pool "+p.Name, p.Size, p.MinSize, p.PGs, rule)
	return nil
}

func (u *upper) healthy(ctx context.Context, conn commander) error {
	want := u.opts.Pool.PGs
	if !u.fresh || u.opts.NoPool {
		want = 0
	}
	st, err := waitStatus(ctx, conn, func(st *status.Status) bool {
		return u.well(st.Health) && st.Known && st.PGs.Total >= want
	})
	if err == nil && st.Health.Status != status.OK {
		u.say("%s: %s", st.Health.Status, summaries(st.Health))
	}
	return err
}

// well reports whether a cluster is as healthy as one of its shape can be.
func (u *upper) well(h status.Health) bool {
	for _, c := range h.Checks {
		switch c.Code {
		case "TOO_FEW_OSDS", "POOL_NO_REDUNDANCY": // so it was asked for
		case "MON_DOWN":
			if len(u.removed) == 0 {
				return false
			}
		default:
			return false
		}
	}
	return h.Status == status.OK || len(h.Checks) > 0
}

// summaries are what is wrong, in a line.
func summaries(h status.Health) string {
	var why []string
	for _, c := range h.Checks {
		why = append(why, c.Summary)
	}
	return strings.Join(why, "; ")
}

// waitStatus asks for the cluster's status until it is as wanted.
func waitStatus(ctx context.Context, conn commander, wanted func(*status.Status) bool) (*status.Status, error) {
	var last *status.Status
	for {
		text, err := conn.MonCommand(ctx, "status", nil)
		if err == nil {
			st := &status.Status{}
			if err := json.Unmarshal(text, st); err != nil {
				return nil, fmt.Errorf("status: %w", err)
			}
			if last = st; wanted(st) {
				return st, nil
			}
		}
		if ended := pause(ctx, 5*poll); ended != nil {
			return last, notHealthy(ended, last, err)
		}
	}
}

// notHealthy says what was wrong when we gave up.
func notHealthy(ended error, last *status.Status, err error) error {
	if last == nil && err != nil {
		return fmt.Errorf("%w; the last answer was: %w", ended, err)
	}
	if last == nil {
		return ended
	}
	return fmt.Errorf("%w; %s: %s", ended, last.Health.Status, summaries(last.Health))
}
