package mon

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"zeph/pkg/osdmap"
	"zeph/pkg/status"
	"zeph/pkg/wire"
)

// showEntry says what an entry of the log has changed.
func (w *world) showEntry(before, after *State, r Result) {
	if r.Err != nil {
		w.say("the log: nothing changes: %v", r.Err)
		return
	}
	if after.Epoch() > before.Epoch() {
		if b, ok := after.Change(after.Epoch()); ok {
			c, err := osdmap.DecodeChange(b)
			if err != nil {
				w.t.Fatal(err)
			}
			w.say("e%d %s", after.Epoch(), changeText(c))
		} else {
			w.say("e%d the first map", after.Epoch())
		}
	}
	for n := before.lines.end(); n < after.lines.end(); n++ {
		l, _ := after.lines.at(n)
		w.say("! %s: %s", l.Who, l.Text)
	}
}

func changeText(c *osdmap.Change) string {
	var parts []string
	for _, id := range slices.Sorted(maps.Keys(c.OSDs)) {
		parts = append(parts, id.String()+osdText(c.OSDs[id]))
	}
	for _, p := range c.Pools {
		text := fmt.Sprintf("pool %s size %d/%d flags %v", p.Name, p.Size, p.MinSize, p.Flags)
		if p.ReadLeaseMS != 0 {
			text += fmt.Sprintf(" leases %dms", p.ReadLeaseMS)
		}
		parts = append(parts, text)
	}
	for _, id := range c.RemovedPools {
		parts = append(parts, fmt.Sprintf("pool %d gone", id))
	}
	for _, pg := range slices.SortedFunc(maps.Keys(c.PGTemp), osdmap.PGID.Compare) {
		parts = append(parts, fmt.Sprintf("pg_temp %v %v", pg, c.PGTemp[pg]))
	}
	if c.SetFlags != 0 {
		parts = append(parts, "set "+c.SetFlags.String())
	}
	if c.ClearFlags != 0 {
		parts = append(parts, "clear "+c.ClearFlags.String())
	}
	if c.Crush != nil {
		parts = append(parts, "crush")
	}
	return strings.Join(parts, ", ")
}

func osdText(c osdmap.OSDChange) string {
	text := ""
	for _, flag := range []struct {
		on   bool
		name string
	}{
		{c.Create, " new"}, {c.Remove, " removed"}, {c.Destroy, " destroyed"}, {c.Lost, " lost"}, {c.Down, " down"}, {c.Goodbye, " goodbye"},
		{c.AutoOut, " out by itself"},
	} {
		if flag.on {
			text += flag.name
		}
	}
	if c.Up != nil {
		text += fmt.Sprintf(" up gid %d", c.Up.GID)
	}
	if c.Weight != nil {
		text += fmt.Sprintf(" weight %v", *c.Weight)
	}
	if c.PrimaryAffinity != nil {
		text += fmt.Sprintf(" affinity %v", *c.PrimaryAffinity)
	}
	if c.UpThru != 0 {
		text += fmt.Sprintf(" up_thru %d", c.UpThru)
	}
	return text
}

func bodyText(body any, bulk []byte) string {
	switch body := body.(type) {
	case *wire.Done:
		return fmt.Sprintf("done, e%d", body.Epoch)
	case *wire.CommandReply:
		if body.Text != "" {
			return fmt.Sprintf("%s (e%d)", body.Text, body.Epoch)
		}
		return string(bulk)
	case *wire.GetMapsReply:
		return fmt.Sprintf("maps: oldest change %d, newest %d, %d changes, whole %d", body.Oldest, body.Newest, len(body.Changes), body.Epoch)
	}
	return fmt.Sprintf("%+v", body)
}

func (w *world) health(opts options) {
	l := w.mons[w.leader].core.lead
	w.settle()
	h := l.health()
	w.say("%s", h.Status)
	for _, c := range h.Checks {
		w.say("%s %s: %s", strings.TrimPrefix(c.Severity, "HEALTH_"), c.Code, c.Summary)
		for _, d := range c.Detail {
			if opts["detail"] == c.Code {
				w.say("  %s", d)
			}
		}
		if opts["next"] == c.Code {
			w.say("  next: %s", strings.Join(c.Next, " · "))
		}
	}
}

func (w *world) matrix() {
	h := w.mons[w.leader].core.lead.heartbeats()
	for _, o := range h.OSDs {
		if o.Heard {
			w.say("%v hears %v: %d us, the last one %d us, %d ms ago", o.OSD, o.Peer, o.RoundTripUS, o.LastUS, o.AgeMS)
		} else {
			w.say("%v does not hear %v: %s for %d ms", o.OSD, o.Peer, o.Reason, o.AgeMS)
		}
	}
	for _, m := range h.Mons {
		w.say("mon.%s hears mon.%s: %v, %d us, %d ms ago", m.Mon, m.Peer, m.Heard, m.RoundTripUS, m.AgeMS)
	}
	for _, text := range h.Words {
		w.say("in words: %s", text)
	}
}

// show prints parts of the status.
func (w *world) show(parts []string) {
	s := w.mons[w.leader].core.lead.status()
	for _, part := range parts {
		v := map[string]any{"io": s.IO, "moving": s.Moving, "pgs": s.PGs, "osds": s.OSDs, "mons": s.Mons, "data": s.Data}[part]
		w.say("%s %s", part, must(json.Marshal(v)))
	}
}

func (w *world) showOSDs() {
	list := w.mons[w.leader].core.lead.osdShapes(w.mons[w.leader].state.(*State).m)
	slices.SortFunc(list, func(a, b status.OSD) int { return cmp.Compare(a.ID, b.ID) })
	for _, o := range list {
		w.say("%v %s weight %v up_from %d up_thru %d down_at %d at %s", o.ID, o.State, o.Reweight, o.UpFrom, o.UpThru, o.DownAt, strings.Join(o.Location, " "))
	}
}

func (w *world) showLines(opts options) {
	st := w.mons[w.order[0]].state.(*State)
	for _, l := range st.lines.last(int(opts.number("last", 10))).slice() {
		w.say("%d %s", l.Time, l.Text)
	}
}
