package mon

import (
	"fmt"

	"zeph/pkg/osdmap"
	"zeph/pkg/status"
	"zeph/pkg/wire"
)

// silent are the OSDs that are up and have sent no beacon for long.
func (l *leader) silent() []osdmap.OSDID {
	limit := l.c.st.length("mon_osd_report_timeout")
	var list []osdmap.OSDID
	for _, id := range l.sortedOSDs() {
		if s := l.osds[id]; s.up && l.c.now.After(l.heard(s)+limit) {
			list = append(list, id)
		}
	}
	return list
}

// lateBeacons marks down who is silent: nobody may be left to report it (15.4). But when hardly anybody would
// stay up, it is rather this monitor who is cut off, and then nobody goes: OSDs that are there report those
// that are not.
func (l *leader) lateBeacons() {
	if l.c.st.m.Has(osdmap.FlagNoDown) {
		return
	}
	silent := l.silent()
	held := l.tooMany(silent)
	if held != l.beaconsHeld && held != "" {
		l.c.log(warnLevel, "silent osds stay up", "err", held)
	}
	if l.beaconsHeld = held; held != "" {
		return
	}
	for _, id := range silent {
		s := l.osds[id]
		why := "no beacon for " + tenths(l.c.now.Mono-l.heard(s))
		l.want(&down{osd: id, gid: s.gid, why: why, how: wire.Silent}, false)
	}
}

// tooMany is why silent OSDs stay up, as in Ceph's OSDMonitor::can_mark_down; empty: they do not.
func (l *leader) tooMany(silent []osdmap.OSDID) string {
	all, up := uint64(0), uint64(0)
	for _, o := range l.c.st.m.OSDs() {
		all++
		if o.Up {
			up++
		}
	}
	stay, least := up-uint64(len(silent)), l.c.st.share("mon_osd_min_up_ratio")
	if len(silent) == 0 || stay*uint64(osdmap.Whole) >= all*uint64(least) {
		return ""
	}
	return fmt.Sprintf("%d of %d osds would be up without them, and mon_osd_min_up_ratio is %v", stay, all, least)
}

func checkSilent(l *leader) *status.Check {
	silent := l.silent()
	held := l.tooMany(silent)
	if held == "" {
		return nil
	}
	c := &status.Check{
		Code: "OSD_SILENT", Severity: status.Warn,
		Summary: fmt.Sprintf("%s without a beacon: %s", counted(len(silent), "osd"), names(silent)),
		Why:     "they are not marked down for that: " + held + ". It is rather mon." + l.c.cfg.Name + ", which leads, that they cannot reach",
		Next: []string{
			"look at the network between the OSDs and mon." + l.c.cfg.Name,
			"let another monitor lead: zeph mon transfer",
			"they are gone indeed? zeph osd down " + fmt.Sprint(int32(silent[0])) + " …",
		},
	}
	for _, id := range silent {
		c.Detail = append(c.Detail, fmt.Sprintf("%v was last heard %s ago", id, tenths(l.c.now.Mono-l.heard(l.osds[id]))))
	}
	return c
}
