package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"zeph/pkg/osdmap"
	"zeph/pkg/placement"
)

func (a *app) whatifCommand() *cobra.Command {
	var maps mapFlags
	var data dataFlags
	cmd := &cobra.Command{
		Use:   "whatif 'CHANGE; ...'",
		Short: "Say what would move if the cluster changed; nothing is changed",
		Long:  "Say what would move if the cluster changed; nothing is changed.\n\nChanges, separated by semicolons:\n  " + strings.ReplaceAll(placement.PlanHelp, "\n", "\n  "),
		Args:  takes("'CHANGE; ...'"),
		RunE: func(cmd *cobra.Command, args []string) error {
			m, err := a.readMaps(cmd, &maps)
			if err != nil {
				return err
			}
			return a.whatif(m, args[0], &data)
		},
	}
	maps.add(cmd)
	data.add(cmd)
	return cmd
}

func (a *app) whatif(m *osdmap.Map, plan string, data *dataFlags) error {
	bytes, unknown, err := a.pgBytes(m, data)
	if err != nil {
		return err
	}
	before, err := placement.NewTable(m)
	if err != nil {
		return err
	}
	imagined, err := placement.Imagine(m, plan)
	if err != nil {
		return err
	}
	after, err := before.Next(imagined)
	if err != nil {
		return err
	}
	moves := placement.CompareTables(before, after, bytes)
	return a.print(whatifResult{
		Epoch: m.Epoch(), Plan: plan, BytesKnown: bytes != nil, BytesUnknown: unknown,
		Unreached: newlyUnreached(m, imagined), Moves: moves,
	})
}

// newlyUnreached are the OSDs that no rule can choose after a plan, but could before or were
// not there: most likely a slip in the plan.
func newlyUnreached(before, after *osdmap.Map) []osdmap.OSDID {
	old := placement.Unreached(before)
	return slices.DeleteFunc(placement.Unreached(after), func(id osdmap.OSDID) bool { return slices.Contains(old, id) })
}

type whatifResult struct {
	Epoch      osdmap.Epoch `json:"epoch"`
	Plan       string       `json:"plan"`
	BytesKnown bool         `json:"bytes_known"`

	BytesUnknown []string       `json:"bytes_unknown,omitempty"` // pools whose data counts as none
	Unreached    []osdmap.OSDID `json:"unreached,omitempty"`     // in, but below nothing a rule takes

	*placement.Moves
}

func (r whatifResult) text(w *bufio.Writer) {
	fmt.Fprintf(w, "epoch %d, imagined: %s (nothing is changed)\n", r.Epoch, oneLine(r.Plan))
	fmt.Fprintf(w, "PGs remapped %d of %d   copies moved %d (least possible %d)", r.Remapped, r.PGs, r.Copies, r.Least)
	if r.BytesKnown {
		fmt.Fprintf(w, "   bytes %s (least %s)", sizeText(r.Bytes), sizeText(r.LeastBytes))
	}
	w.WriteString("\n")
	if len(r.Flows) > 0 {
		w.WriteString("\n")
		r.flows(w)
		w.WriteString("\n")
	}
	if len(r.BytesUnknown) > 0 {
		fmt.Fprintf(w, "bytes of these pools are not known and count as none: %s (--bytes, --pg-dump, --data-shards)\n", plain(strings.Join(r.BytesUnknown, ", ")))
	}
	if len(r.Unreached) > 0 {
		fmt.Fprintf(w, "WARNING: no rule can choose %v: nothing above it is taken by a rule, or it has no weight or another class\n", r.Unreached)
	}
	w.WriteString(verdict(r.Short, "PGs with fewer copies than their pool's size", "every PG has as many copies as its pool's size"))
	w.WriteString(verdict(r.Shared, "PGs with more copies in a failure domain than their rule allows", "every PG keeps to its rule's failure domains"))
}

func (r whatifResult) flows(w *bufio.Writer) {
	const show = 30
	var t table
	t.column("FROM", true)
	t.column("TO", true)
	t.column("PGS", false)
	if r.BytesKnown {
		t.column("BYTES", false)
	}
	for i, f := range r.Flows {
		if i == show {
			break
		}
		cells := []string{endText(f.From), endText(f.To), strconv.Itoa(f.PGs)}
		if r.BytesKnown {
			cells = append(cells, sizeText(f.Bytes))
		}
		t.row(cells...)
	}
	t.write(w)
	if rest := len(r.Flows) - show; rest > 0 {
		fmt.Fprintf(w, "… and %d more pairs (-o json has all)\n", rest)
	}
}

// endText names an end of a flow. Where there is none a copy is made or given up.
func endText(id osdmap.OSDID) string {
	if id == osdmap.NoOSD {
		return "–"
	}
	return id.String()
}

func verdict(n placement.Count, bad, good string) string {
	if n.After == 0 && n.Before == 0 {
		return good + "\n"
	}
	if n.After == 0 {
		return fmt.Sprintf("%s (before: %d did not)\n", good, n.Before)
	}
	return fmt.Sprintf("WARNING: %d %s (before: %d)\n", n.After, bad, n.Before)
}

// dataFlags say how much data there is.
type dataFlags struct {
	pools  []string // POOL=SIZE
	shards []string // POOL=K
	pgDump string
}

func (f *dataFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringArrayVar(&f.pools, "bytes", nil, "data in a pool, before replication, as `POOL=SIZE` such as rbd=10T; it counts as spread evenly over the PGs")
	cmd.Flags().StringVar(&f.pgDump, "pg-dump", "", "`FILE` with the bytes of each PG: what \"ceph pg dump -f json\" prints")
	cmd.Flags().StringArrayVar(&f.shards, "data-shards", nil, "into how many data shards an erasure-coded pool cuts its objects, as `POOL=K`")
}

// pgBytes is what the flags say of one copy, or shard, of each PG; nil when they say nothing.
// The pools of which they say nothing are named: their data counts as none.
func (a *app) pgBytes(m *osdmap.Map, f *dataFlags) (placement.Bytes, []string, error) {
	if len(f.pools) == 0 && f.pgDump == "" {
		return nil, nil, nil
	}
	byPG, err := a.readPGDump(f.pgDump)
	if err != nil {
		return nil, nil, err
	}
	byPool, err := perPool(m, "--bytes", f.pools, parseSize)
	if err != nil {
		return nil, nil, err
	}
	shards, err := perPool(m, "--data-shards", f.shards, func(s string) (uint64, error) { return strconv.ParseUint(s, 10, 8) })
	if err != nil {
		return nil, nil, err
	}
	var unknown []string
	for pool := range m.Pools() {
		_, dumped := byPG[osdmap.PGID{Pool: pool.ID}]
		_, given := byPool[pool.ID]
		if pool.CanShift() {
			shards[pool.ID] = 1
		}
		if !dumped && !given || shards[pool.ID] == 0 {
			unknown = append(unknown, pool.Name)
		}
	}
	return func(pg osdmap.PGID) uint64 {
		k := shards[pg.Pool]
		if k == 0 {
			return 0
		}
		if n, ok := byPG[pg]; ok {
			return n / k
		}
		pool, _ := m.Pool(pg.Pool)
		return byPool[pg.Pool] / uint64(pool.PGNum) / k
	}, unknown, nil
}

// perPool reads the values of a flag that gives one for each of some pools.
func perPool(m *osdmap.Map, flag string, values []string, parse func(string) (uint64, error)) (map[osdmap.PoolID]uint64, error) {
	all := make(map[osdmap.PoolID]uint64)
	for _, v := range values {
		name, text, ok := strings.Cut(v, "=")
		if !ok {
			return nil, usageError{fmt.Errorf("%s %q: expected POOL=VALUE", flag, v)}
		}
		n, err := parse(text)
		if err != nil {
			return nil, usageError{fmt.Errorf("%s %q: %w", flag, v, err)}
		}
		pool, err := findPool(m, name)
		if err != nil {
			return nil, err
		}
		if _, twice := all[pool.ID]; twice {
			return nil, usageError{fmt.Errorf("%s %q: pool %s is given twice", flag, v, pool.Name)}
		}
		all[pool.ID] = n
	}
	return all, nil
}

// readPGDump reads the bytes of each PG. Ceph puts pg_stats at the top or under pg_map.
func (a *app) readPGDump(path string) (map[osdmap.PGID]uint64, error) {
	if path == "" {
		return nil, nil
	}
	src, err := a.readFile(path)
	if err != nil {
		return nil, err
	}
	type stats []struct {
		PGID string `json:"pgid"`
		Sum  *struct {
			Bytes uint64 `json:"num_bytes"`
		} `json:"stat_sum"`
	}
	var dump struct {
		Stats stats `json:"pg_stats"`
		Map   struct {
			Stats stats `json:"pg_stats"`
		} `json:"pg_map"`
	}
	if err := json.Unmarshal(src, &dump); err != nil {
		return nil, inFile(path, err)
	}
	all := append(dump.Stats, dump.Map.Stats...)
	if len(all) == 0 {
		return nil, inFile(path, fmt.Errorf("no pg_stats: expected what \"ceph pg dump -f json\" prints"))
	}
	bytes := make(map[osdmap.PGID]uint64, len(all))
	for _, s := range all {
		pg, err := osdmap.ParsePGID(s.PGID)
		if err != nil {
			return nil, inFile(path, err)
		}
		if s.Sum == nil {
			return nil, inFile(path, fmt.Errorf("pg %s: no stat_sum", s.PGID))
		}
		bytes[pg] = s.Sum.Bytes
	}
	return bytes, nil
}

const sizeUnits = "KMGTPE"

// parseSize reads a size in bytes, or with a unit of 1024: 10T, 1.5G, 4KiB.
func parseSize(s string) (uint64, error) {
	number := strings.TrimSuffix(strings.TrimSuffix(s, "B"), "i")
	factor := 1.0
	if n := len(number); n > 0 {
		if i := strings.IndexByte(sizeUnits, number[n-1]); i >= 0 {
			number = number[:n-1]
			for range i + 1 {
				factor *= 1024
			}
		}
	}
	x, err := strconv.ParseFloat(number, 64)
	if err != nil || !(x >= 0) || x*factor >= 1<<63 {
		return 0, fmt.Errorf("size %q: expected a number of bytes such as 10T", s)
	}
	return uint64(x * factor), nil
}

func sizeText(n uint64) string {
	if n < 1024 {
		return fmt.Sprintf("%d B", n)
	}
	x, unit := float64(n)/1024, 0
	for ; x >= 999.5 && unit < len(sizeUnits)-1; unit++ {
		x /= 1024
	}
	if x < 10 {
		return fmt.Sprintf("%.1f %ciB", x, sizeUnits[unit])
	}
	return fmt.Sprintf("%.0f %ciB", x, sizeUnits[unit])
}
