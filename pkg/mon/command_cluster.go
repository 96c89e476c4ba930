package mon

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"zeph/pkg/osdmap"
	"zeph/pkg/status"
)

var clusterCommands = map[string]command{
	"flag ls": {look: func(l *leader, _ args) (any, error) {
		return &status.Flags{Flags: words(l.c.st.m.Flags().String())}, nil
	}},
	"flag set":   {args: "flag", change: func(_ *leader, d *draft, a args) (outcome, error) { return setFlag(d, a, true) }},
	"flag unset": {args: "flag", change: func(_ *leader, d *draft, a args) (outcome, error) { return setFlag(d, a, false) }},
	"config ls":  {args: "who", look: configList},
	"config get": {args: "who name", look: configGet},
	"config set": {args: "who name value", change: configSet},
	"config rm":  {args: "who name", change: configRemove},
	"log":        {args: "last after", look: logLines},
	"map get":    {args: "epoch", look: mapGet},
	"osd dump":   {args: "epoch", look: mapGet},
}

// setFlag sets or clears a flag. Those that the leader looks after by itself are not an operator's.
func setFlag(d *draft, a args, on bool) (outcome, error) {
	name, err := a.must("flag")
	if err != nil {
		return outcome{}, err
	}
	f, err := osdmap.ParseFlag(name)
	if err != nil {
		return outcome{}, err
	}
	if f&(osdmap.FlagFull|osdmap.FlagNearFull) != 0 {
		return outcome{}, fmt.Errorf("flag %s is set by how full the osds are, not by hand", name)
	}
	state := map[bool]string{true: "set", false: "not set"}[on]
	if on && d.m.Has(f) || !on && d.m.Flags()&f == 0 {
		return outcome{text: fmt.Sprintf("flag %s is %s already", name, state), quiet: true}, nil
	}
	return outcome{text: fmt.Sprintf("flag %s is %s", name, state)}, d.edit(func(c *osdmap.Change) {
		c.SetFlags, c.ClearFlags = c.SetFlags&^f, c.ClearFlags&^f
		if on {
			c.SetFlags |= f
		} else {
			c.ClearFlags |= f
		}
	})
}

// target is for whom a setting is.
func (a args) target() (string, error) {
	who := or(a.text("who"), global)
	kind, id, one := strings.Cut(who, ".")
	switch {
	case who == global, who == "osd", who == "mon":
		return who, nil
	case one && id != "" && kind == "mon":
		return who, nil
	case one && kind == "osd":
		if osd, ok := osdNamed(who); ok {
			return osd.String(), nil
		}
	}
	return "", fmt.Errorf("%q: settings are for global, osd, mon, or one daemon such as osd.3", who)
}

func configSet(_ *leader, d *draft, a args) (outcome, error) {
	who, err := a.target()
	if err != nil {
		return outcome{}, err
	}
	name, err := a.must("name")
	if err != nil {
		return outcome{}, err
	}
	value, err := checkSetting(name, a.text("value"))
	if err != nil {
		return outcome{}, err
	}
	doc, _ := settingNamed(name)
	if kind, _, _ := strings.Cut(who, "."); kind != global && kind != doc.Reader {
		return outcome{}, fmt.Errorf("setting %s is read by %ss: set it for global or %s", name, doc.Reader, doc.Reader)
	}
	if i, ok := slices.BinarySearchFunc(d.st.config, configEdit{Who: who, Name: name}, compareConfig); ok && d.st.config[i].Value == value && len(d.config) == 0 {
		return outcome{text: fmt.Sprintf("%s is %s for %s already", name, value, who), quiet: true}, nil
	}
	edit := configEdit{Who: who, Name: name, Value: value}
	if err := d.checkGrace(edit); err != nil {
		return outcome{}, err
	}
	d.config = append(d.config[:len(d.config):len(d.config)], edit)
	return outcome{text: fmt.Sprintf("%s is %s for %s", name, value, who)}, nil
}

func configRemove(_ *leader, d *draft, a args) (outcome, error) {
	who, err := a.target()
	if err != nil {
		return outcome{}, err
	}
	name, err := a.must("name")
	if err != nil {
		return outcome{}, err
	}
	if _, ok := settingNamed(name); !ok {
		return outcome{}, notFound("setting %q: there is no such; zeph config ls shows all", name)
	}
	if _, ok := slices.BinarySearchFunc(d.st.config, configEdit{Who: who, Name: name}, compareConfig); !ok {
		return outcome{text: fmt.Sprintf("%s is not set for %s", name, who), quiet: true}, nil
	}
	edit := configEdit{Who: who, Name: name, Remove: true}
	if err := d.checkGrace(edit); err != nil {
		return outcome{}, err
	}
	d.config = append(d.config[:len(d.config):len(d.config)], edit)
	return outcome{text: fmt.Sprintf("%s is as by default for %s", name, who)}, nil
}

// configList shows what was set, then the defaults of all else.
func configList(l *leader, a args) (any, error) {
	r := &status.Config{Version: l.c.st.configVersion, Settings: []status.Setting{}}
	for _, s := range settings {
		set := false
		for _, e := range l.c.st.config {
			if e.Name == s.Name && (a.text("who") == "" || a.text("who") == e.Who) {
				r.Settings, set = append(r.Settings, status.Setting{Who: e.Who, Name: s.Name, Value: e.Value, Default: s.Default, Doc: s.Doc}), true
			}
		}
		if !set && a.text("who") == "" {
			r.Settings = append(r.Settings, status.Setting{Who: "default", Name: s.Name, Value: s.Default, Default: s.Default, Doc: s.Doc})
		}
	}
	return r, nil
}

// configGet shows what holds for a daemon, and for whom it was set.
func configGet(l *leader, a args) (any, error) {
	who, err := a.target()
	if err != nil {
		return nil, err
	}
	kind, _, _ := strings.Cut(who, ".")
	if name := a.text("name"); name != "" {
		if _, ok := settingNamed(name); !ok {
			return nil, notFound("setting %q: there is no such; zeph config ls shows all", name)
		}
	}
	r := &status.Config{Version: l.c.st.configVersion, Settings: []status.Setting{}}
	for _, s := range settings {
		if name := a.text("name"); name != "" && name != s.Name || name == "" && kind != global && kind != s.Reader {
			continue
		}
		one := status.Setting{Who: "default", Name: s.Name, Value: s.Default, Default: s.Default, Doc: s.Doc}
		for _, w := range []string{global, kind, who} {
			if v := l.c.st.setFor(s.Name, w); v != "" {
				one.Who, one.Value = w, v
			}
		}
		r.Settings = append(r.Settings, one)
	}
	return r, nil
}

// logLines shows the last lines of the cluster log, or those after one.
func logLines(l *leader, a args) (any, error) {
	lines := l.c.st.lines
	if v := a.text("after"); v != "" {
		after, err := strconv.ParseUint(v, 10, 63)
		if err != nil {
			return nil, fmt.Errorf("after %q: expected the number of a line", v)
		}
		lines = lines.from(after + 1)
	} else {
		last, err := a.number("last", 50)
		if err != nil {
			return nil, err
		}
		lines = lines.last(int(last))
	}
	r := &status.LogLines{Lines: []status.LogLine{}}
	for _, line := range lines.slice() {
		r.Lines = append(r.Lines, status.LogLine{
			Seq: line.Seq, TimeMS: line.Time, Level: line.Level, Channel: line.Channel, Who: line.Who, Text: line.Text, Epoch: line.Epoch,
		})
	}
	return r, nil
}

// mapGet describes the map of an epoch, the newest when none is given.
func mapGet(l *leader, a args) (any, error) {
	st := l.c.st
	n, err := a.number("epoch", uint64(st.Epoch()))
	if err != nil {
		return nil, err
	}
	m, ok := st.MapAt(osdmap.Epoch(n))
	if !ok {
		return nil, notFound("epoch %d: there are maps from %d to %d", n, st.base.Epoch(), st.Epoch())
	}
	r := m.Ratios()
	c := &status.ClusterMap{
		Epoch: m.Epoch(), FSID: m.FSID().String(), CreatedMS: m.Created(), ModifiedMS: m.Modified(), Flags: words(m.Flags().String()),
		NearFull: status.OfRatio(r.NearFull), BackfillFull: status.OfRatio(r.BackfillFull), Full: status.OfRatio(r.Full), MaxOSD: m.MaxOSD(),
		Pools: pools(m, "").Pools, OSDs: l.osdShapes(m), PGTemp: []status.PGOSDs{}, Upmap: []status.PGOSDs{}, UpmapItems: []status.PGMoves{},
		OldestEpoch: st.base.Epoch(),
	}
	for pg, osds := range m.AllPGTemps() {
		c.PGTemp = append(c.PGTemp, status.PGOSDs{PG: pg.String(), OSDs: osdList(osds)})
	}
	for pg, osds := range m.AllUpmaps() {
		c.Upmap = append(c.Upmap, status.PGOSDs{PG: pg.String(), OSDs: osdList(osds)})
	}
	for pg, items := range m.AllUpmapItems() {
		moves := status.PGMoves{PG: pg.String()}
		for _, it := range items {
			moves.Moves = append(moves.Moves, status.Move{From: it.From, To: it.To})
		}
		c.UpmapItems = append(c.UpmapItems, moves)
	}
	return c, nil
}
