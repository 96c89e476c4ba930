package chaos

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Text is the report for people.
func (r *Report) Text() string {
	f, v := &r.Facts, r.Verdict
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("%s on %s, seed %d, %s", f.Scenario, f.Target, f.Seed, f.Began.UTC().Format(time.RFC3339))
	for _, what := range f.Left {
		line("left out: %s", what)
	}
	line("")
	line("operations    %d in %.1f s, %.0f a second; %d writes acknowledged, %d unknown, %d failed without a change; %d objects",
		v.Operations, f.Struck.Seconds(), v.Rate, v.Acked, v.Unknown, v.Nothing, v.Objects)
	line("availability  %.2f %%, longest gap %s, as clients felt it; every PG active %.2f %%, longest gap %s",
		100*v.Availability, seconds(v.Gap), 100*v.Active, seconds(v.InactiveGap))
	line("healed        %s after everything was taken back", seconds(v.Heal))
	line("copies        %d PGs compared, %d objects differ", f.Scrubbed, len(f.Unequal))
	line("false downs   %d", len(v.Downs))
	if len(v.Faults) > 0 {
		line("")
		line("%8s  %8s  %8s  %8s  %s", "at", "detect", "serve", "heal", "fault")
	}
	for _, one := range v.Faults {
		line("%8s  %8s  %8s  %8s  %s", seconds(one.At), short(one.Detect), short(one.Serve), short(one.Heal), one.What)
	}
	line("")
	for _, p := range v.Problems {
		line("✗ %s: %s", p.Judge, p.Text)
	}
	for _, why := range v.Void {
		line("– %s", why)
	}
	line("%s", strings.ToUpper(string(v.Result)))
	return b.String()
}

func short(d time.Duration) string {
	if d < 0 {
		return "-"
	}
	return seconds(d)
}

// Row is a scenario's line in the table of many runs.
type Row struct {
	Scenario   string        `json:"scenario"`
	Runs       int           `json:"runs"`
	Passed     int           `json:"passed"`
	Failed     int           `json:"failed"`
	Late       int           `json:"late"` // nothing was wrong, but a scenario's expectation, mostly of a time
	Void       int           `json:"void"`
	Operations int           `json:"operations"`
	Detect     time.Duration `json:"detect_ns"` // median over all faults that were detected
	Serve      time.Duration `json:"serve_ns"`
	Heal       time.Duration `json:"heal_ns"` // of runs
}

// Table sums many reports up, a row for each scenario in order of names.
func Table(reports []*Report) []Row {
	byName := map[string][]*Report{}
	for _, r := range reports {
		byName[r.Facts.Scenario] = append(byName[r.Facts.Scenario], r)
	}
	rows := []Row{}
	for _, name := range sortedKeys(byName) {
		row := Row{Scenario: name}
		var detect, serve, heal []time.Duration
		for _, r := range byName[name] {
			row.Runs++
			row.Operations += r.Verdict.Operations
			switch {
			case r.Verdict.Result == Pass:
				row.Passed++
			case r.Verdict.Late():
				row.Late++
			case r.Verdict.Result == Fail:
				row.Failed++
			default:
				row.Void++
			}
			for _, f := range r.Verdict.Faults {
				detect, serve = append(detect, f.Detect), append(serve, f.Serve)
			}
			heal = append(heal, r.Verdict.Heal)
		}
		row.Detect, row.Serve, row.Heal = median(detect), median(serve), median(heal)
		rows = append(rows, row)
	}
	return rows
}

// median is that of the times that there are; never, if there are none.
func median(all []time.Duration) time.Duration {
	all = slices.DeleteFunc(all, func(d time.Duration) bool { return d < 0 })
	if len(all) == 0 {
		return never
	}
	slices.Sort(all)
	return all[len(all)/2]
}
