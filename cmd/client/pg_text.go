package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"zeph/pkg/osdmap"
	"zeph/pkg/status"
)

func showPGs(w *bufio.Writer, l *status.PGList) {
	t := columns("PG", "STATE<", "OBJECTS", "BYTES", "DEGRADED", "MISPLACED", "UNFOUND", "UP<", "ACTING<", "SINCE")
	for _, p := range l.PGs {
		t.row(plain(p.PG), plain(p.State), countText(p.Objects), sizeText(p.Bytes), countText(p.Degraded), countText(p.Misplaced),
			countText(p.Unfound), setText(p.Up), actingText(&p), secondsText(p.Seconds))
	}
	for _, head := range []string{"DEGRADED", "MISPLACED", "UNFOUND"} {
		t.drop(head, "0")
	}
	t.write(w)
	unknownNote(w, l.Known)
}

func showPGDump(w *bufio.Writer, l *status.PGList) {
	t := columns("PG", "POOL<", "STATE<", "OBJECTS", "BYTES", "LEFT", "CAUSE<", "VERSION<", "LOG", "INTERVAL", "CLEAN", "UP<", "ACTING<", "BLOCKED BY<", "SCRUBBED<", "DEEP<")
	for _, p := range l.PGs {
		t.row(plain(p.PG), plain(p.Pool), plain(p.State), countText(p.Objects), sizeText(p.Bytes), sizeText(p.ToRecover), oneLine(p.Cause), plain(p.Version),
			countText(p.Log), fmt.Sprint(p.Interval), fmt.Sprint(p.Clean), setText(p.Up), actingText(&p), osdsText(p.Blocked), momentText(p.ScrubMS), momentText(p.DeepMS))
	}
	t.write(w)
	unknownNote(w, l.Known)
}

func unknownNote(w *bufio.Writer, known bool) {
	if !known {
		w.WriteString("not all OSDs have told the leader yet\n")
	}
}

// setText is a set of OSDs as Ceph prints it; a place that nobody fills is a dash.
func setText(osds []osdmap.OSDID) string {
	var all []string
	for _, id := range osds {
		if id == osdmap.NoOSD || id < 0 {
			all = append(all, "-")
		} else {
			all = append(all, fmt.Sprint(int32(id)))
		}
	}
	return "[" + strings.Join(all, ",") + "]"
}

// actingText names the primary where it is not the first.
func actingText(p *status.PG) string {
	text := setText(p.Acting)
	if len(p.Acting) > 0 && p.Acting[0] != p.Primary && p.Primary >= 0 {
		text += fmt.Sprintf("p%d", int32(p.Primary))
	}
	return text
}

// momentText is a moment in local time; 0 is none.
func momentText(ms osdmap.UnixMilli) string {
	if ms == 0 {
		return "never"
	}
	return time.UnixMilli(int64(ms)).Format("2006-01-02 15:04:05")
}

func showPGMap(w *bufio.Writer, m *status.PGMap) {
	fmt.Fprintf(w, "object  %s/%s → hash 0x%08x → pg %s   epoch %d\n", plain(m.Pool), oneLine(m.Object), m.Hash, m.PG, m.Epoch)
	fmt.Fprintf(w, "up %s   acting %s   ", setText(m.Up), setText(m.Acting))
	if m.Primary < 0 || m.Primary == osdmap.NoOSD {
		w.WriteString("no primary: nobody serves it now\n")
		return
	}
	fmt.Fprintf(w, "primary %v", m.Primary)
	if addr := m.PrimaryAddr["public.data"]; addr != "" {
		fmt.Fprintf(w, " at %s", plain(addr))
	}
	w.WriteString("\n")
}

func showQuery(w *bufio.Writer, q *status.Query) {
	fmt.Fprintf(w, "%s  %s   epoch %d   up %s   acting %s\n", plain(q.PG), plain(q.State), q.Epoch, setText(q.Up), setText(q.Acting))
	if len(q.Blocked) > 0 {
		fmt.Fprintf(w, "  waits for  %s\n", osdsText(q.Blocked))
	}
	for i, why := range q.Why {
		fmt.Fprintf(w, "  %-9s  %s\n", map[bool]string{true: "why"}[i == 0], oneLine(why))
	}
	if len(q.Detail) > 0 {
		var detail bytes.Buffer
		if json.Indent(&detail, q.Detail, "", "  ") == nil {
			fmt.Fprintln(w, plain(detail.String()))
		}
	}
}

func showUnfound(w *bufio.Writer, u *status.Unfound) {
	if len(u.Objects) == 0 {
		fmt.Fprintf(w, "pg %s: every object has been found\n", plain(u.PG))
		return
	}
	t := columns("OBJECT<", "NEEDED<", "HAVE<")
	for _, o := range u.Objects {
		t.row(objectText(o.Namespace, o.Name), plain(o.Need), plain(o.Prior))
	}
	t.write(w)
	if u.More {
		w.WriteString("… and more\n")
	}
	fmt.Fprintf(w, "asked: %s\n", osdsText(u.Asked))
	if len(u.ToAsk) > 0 {
		fmt.Fprintf(w, "not asked, for they are down: %s\n", osdsText(u.ToAsk))
	}
}

func objectText(namespace, name string) string {
	if namespace == "" {
		return oneLine(name)
	}
	return oneLine(namespace) + "/" + oneLine(name)
}

func showInconsistent(w *bufio.Writer, inc *status.Inconsistent) {
	if len(inc.Objects) == 0 {
		fmt.Fprintf(w, "pg %s: the scrub of %s found nothing wrong\n", plain(inc.PG), momentText(inc.ScrubMS))
		return
	}
	t := columns("OBJECT<", "VERSION<", "COPY<", "WRONG<", "BYTES<")
	for _, o := range inc.Objects {
		for _, c := range o.Copies {
			wrong, bytes := "right", ""
			if len(c.Errors) > 0 {
				wrong = plain(strings.Join(c.Errors, ", "))
			}
			if c.To > 0 {
				bytes = fmt.Sprintf("%d to %d", c.From, c.To)
			}
			t.row(objectText(o.Namespace, o.Name), plain(o.Version), c.OSD.String(), wrong, bytes)
		}
	}
	t.write(w)
	fixable := 0
	for _, o := range inc.Objects {
		if o.Fixable {
			fixable++
		}
	}
	fmt.Fprintf(w, "%d of %d have a copy that is right: zeph pg repair %s\n", fixable, len(inc.Objects), plain(inc.PG))
}
