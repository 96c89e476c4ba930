package main

import (
	"bufio"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"zeph/pkg/osdmap"
	"zeph/pkg/status"
)

func (a *app) statusCommand() *cobra.Command {
	cmd := verb("status", "Show the cluster at a glance (also: zeph -s)", takes(), a.showStatus)
	return addWatch(cmd)
}

func (a *app) showStatus(cmd *cobra.Command, args []string) error {
	return asks(a, "status", nil, showStatus)(cmd, args)
}

func showStatus(w *bufio.Writer, s *status.Status) {
	fmt.Fprintf(w, "cluster  %s   %s   epoch %d   %s\n", firstBytes(s.FSID), healthText(&s.Health), s.Epoch, leaderText(s.Mons.Leader))
	checkTable(w, s.Health.Checks)
	if !s.Known {
		fmt.Fprintf(w, "  the leader is new and has not heard yet from: %s\n", osdsText(s.Waiting))
	}
	fmt.Fprintf(w, "mon  %s   osd  %s   pools %d   objects %s   %s\n",
		monsText(&s.Mons), osdsCount(&s.OSDs), s.Data.Pools, countText(s.Data.Objects), sizeText(s.Data.StoredBytes))
	if len(s.Flags) > 0 {
		fmt.Fprintf(w, "flags  %s\n", strings.Join(s.Flags, ","))
	}
	fmt.Fprintf(w, "pgs  %d:  %s\n", s.PGs.Total, statesText(s.PGs.States))
	fmt.Fprintf(w, "io   client %s/s rd, %s/s wr, %s op/s\n", sizeText(s.IO.ReadBytes), sizeText(s.IO.WriteBytes), countText(s.IO.ReadOps+s.IO.WriteOps))
	for _, m := range s.Moving {
		fmt.Fprintf(w, "move %s\n", movingText(&m))
	}
}

func firstBytes(fsid string) string {
	short, _, _ := strings.Cut(fsid, "-")
	return plain(short)
}

func healthText(h *status.Health) string {
	switch n := len(h.Checks); n {
	case 0:
		return h.Status
	case 1:
		return h.Status + " (1 check)"
	default:
		return fmt.Sprintf("%s (%d checks)", h.Status, n)
	}
}

func leaderText(leader string) string {
	if leader == "" {
		return "no leader"
	}
	return "leader mon." + plain(leader)
}

// checkTable lists checks, each with how long it has been so.
func checkTable(w *bufio.Writer, checks []status.Check) {
	wide := 0
	for _, c := range checks {
		wide = max(wide, len(c.Code))
	}
	for _, c := range checks {
		fmt.Fprintf(w, "  %-*s  %s   %s\n", wide, plain(c.Code), oneLine(c.Summary), secondsText(c.Seconds))
	}
}

func monsText(m *status.Mons) string {
	text := fmt.Sprintf("%d of %d", len(m.Quorum), m.Total)
	if len(m.Missing) > 0 {
		text += " (without " + plain(strings.Join(m.Missing, ", ")) + ")"
	}
	return text
}

func osdsCount(o *status.OSDCounts) string {
	text := fmt.Sprintf("%d up, %d in", o.Up, o.In)
	if o.Total != o.Up {
		text = fmt.Sprintf("%d of %d up, %d in", o.Up, o.Total, o.In)
	}
	var going []string
	for _, d := range o.Down {
		switch {
		case !d.In:
		case d.Waits != "":
			going = append(going, fmt.Sprintf("%v runs and waits: %s", d.OSD, oneLine(d.Waits)))
		case d.OutSeconds >= 0:
			going = append(going, fmt.Sprintf("%v goes out in %s", d.OSD, secondsText(d.OutSeconds)))
		case d.Held != "":
			going = append(going, fmt.Sprintf("%v stays in: %s", d.OSD, oneLine(d.Held)))
		}
	}
	if len(going) > 0 {
		text += " (" + strings.Join(going, ", ") + ")"
	}
	return text
}

func statesText(states []status.StateCount) string {
	var all []string
	for _, s := range states {
		all = append(all, fmt.Sprintf("%d %s", s.Count, plain(s.State)))
	}
	return strings.Join(all, "   ")
}

// movingText says of data that move: why, how many are left, how fast, until when.
func movingText(m *status.Moving) string {
	text := fmt.Sprintf("%s: %s left of %s in %d PGs, %s/s", oneLine(m.Cause), sizeText(m.LeftBytes), sizeText(m.LeftBytes+m.DoneBytes), m.PGs, sizeText(m.Rate))
	if m.ETASeconds >= 0 {
		return text + ", done in " + secondsText(m.ETASeconds)
	}
	return text
}

func osdsText(ids []osdmap.OSDID) string {
	var all []string
	for _, id := range ids {
		all = append(all, id.String())
	}
	return strings.Join(all, ", ")
}

// secondsText is a time in its two largest units.
func secondsText(n int64) string {
	switch {
	case n < 0:
		return "unknown"
	case n < 120:
		return fmt.Sprintf("%d s", n)
	case n < 7200:
		return fmt.Sprintf("%d min %d s", n/60, n%60)
	case n < 48*3600:
		return fmt.Sprintf("%d h %d min", n/3600, n/60%60)
	}
	return fmt.Sprintf("%d d %d h", n/86400, n/3600%24)
}

// countText is a number with a comma between thousands.
func countText(n uint64) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
