package main

import (
	"bufio"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"zeph/pkg/osdmap"
	"zeph/pkg/placement"
)

func (a *app) placeCommand() *cobra.Command {
	return group("place", "Say where placement groups and objects are",
		a.placePGsCommand(),
		a.placeObjectCommand(),
		a.placeCompareCommand(),
	)
}

func (a *app) placePGsCommand() *cobra.Command {
	var maps mapFlags
	var pool string
	cmd := &cobra.Command{
		Use:   "pgs",
		Short: "Print the mapping of every placement group, as osdmaptool --test-map-pgs-dump-all does",
		Args:  takes(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			m, err := a.readMaps(cmd, &maps)
			if err != nil {
				return err
			}
			if cmd.Flags().Changed("pool") && pool == "" {
				return usagef(cmd, "--pool is empty")
			}
			pools, err := choosePools(m, pool)
			if err != nil {
				return err
			}
			return a.placePGs(cmd.Context(), m, pools)
		},
	}
	maps.add(cmd)
	cmd.Flags().StringVar(&pool, "pool", "", "only this `POOL`, by name or id")
	return cmd
}

func choosePools(m *osdmap.Map, pool string) ([]osdmap.Pool, error) {
	var pools []osdmap.Pool
	if pool == "" {
		for p := range m.Pools() {
			pools = append(pools, p)
		}
		return pools, nil
	}
	p, err := findPool(m, pool)
	return append(pools, p), err
}

func (a *app) placePGs(ctx context.Context, m *osdmap.Map, pools []osdmap.Pool) error {
	mapper, err := placement.New(m)
	if err != nil {
		return err
	}
	rows := []pgMapping{}
	var s placement.Scratch
	for _, pool := range pools {
		for seed := range pool.PGNum {
			if err := ctx.Err(); err != nil {
				return err
			}
			pg := osdmap.PGID{Pool: pool.ID, Seed: seed}
			rows = append(rows, newPGMapping(pg, mapper.Map(&s, &pool, pg)))
		}
	}
	return a.print(pgMappings(rows))
}

// pgMapping is the mapping of one PG. As in Ceph's output, a primary that there is not is
// −1, and a position that nobody fills 2147483647.
type pgMapping struct {
	PG     string   `json:"pg"`
	Raw    osdsWith `json:"raw"`
	Up     osdsWith `json:"up"`
	Acting osdsWith `json:"acting"`
}

type osdsWith struct {
	OSDs    []osdmap.OSDID `json:"osds"`
	Primary osdmap.OSDID   `json:"primary"`
}

func newPGMapping(pg osdmap.PGID, m placement.Mapping) pgMapping {
	return pgMapping{
		PG:     pg.String(),
		Raw:    newOSDsWith(m.Raw, m.RawPrimary),
		Up:     newOSDsWith(m.Up, m.UpPrimary),
		Acting: newOSDsWith(m.Acting, m.ActingPrimary),
	}
}

func newOSDsWith(osds []osdmap.OSDID, primary osdmap.OSDID) osdsWith {
	if primary == osdmap.NoOSD {
		primary = -1
	}
	return osdsWith{append([]osdmap.OSDID{}, osds...), primary}
}

// String is Ceph's form: ([3,1,4], p3).
func (o osdsWith) String() string {
	ids := make([]string, len(o.OSDs))
	for i, id := range o.OSDs {
		ids[i] = fmt.Sprint(int32(id))
	}
	return fmt.Sprintf("([%s], p%d)", strings.Join(ids, ","), int32(o.Primary))
}

type pgMappings []pgMapping

func (rows pgMappings) text(w *bufio.Writer) {
	for _, r := range rows {
		fmt.Fprintf(w, "%s raw %v up %v acting %v\n", r.PG, r.Raw, r.Up, r.Acting)
	}
}

func (a *app) placeObjectCommand() *cobra.Command {
	var maps mapFlags
	var pool, namespace, key string
	cmd := &cobra.Command{
		Use:   "object NAME...",
		Short: "Print where objects are, as \"ceph osd map\" does",
		Args:  cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, names []string) error {
			if err := require(cmd, "pool"); err != nil {
				return err
			}
			m, err := a.readMaps(cmd, &maps)
			if err != nil {
				return err
			}
			p, err := findPool(m, pool)
			if err != nil {
				return err
			}
			if slices.Contains(names, "") {
				return usagef(cmd, "an object name is empty")
			}
			return a.placeObjects(m, &p, names, namespace, key)
		},
	}
	maps.add(cmd)
	cmd.Flags().StringVar(&pool, "pool", "", "`POOL` that holds the objects, by name or id")
	addObjectFlags(cmd, &namespace, &key)
	return cmd
}

func addObjectFlags(cmd *cobra.Command, namespace, key *string) {
	cmd.Flags().StringVar(namespace, "namespace", "", "`NAMESPACE` of the pool")
	cmd.Flags().StringVar(key, "key", "", "place by this `KEY`, not by the name")
}

func (a *app) placeObjects(m *osdmap.Map, pool *osdmap.Pool, names []string, namespace, key string) error {
	mapper, err := placement.New(m)
	if err != nil {
		return err
	}
	var s placement.Scratch
	placed := objectMappings{}
	for _, name := range names {
		o := placement.Object{Name: name, Namespace: namespace, Key: key}
		pg := o.PG(pool)
		mapping := mapper.Map(&s, pool, pg)
		placed = append(placed, objectMapping{
			Epoch: m.Epoch(), Pool: pool.Name, PoolID: pool.ID,
			Object: name, Namespace: namespace, Key: key,
			Hash: o.Hash(pool), PG: pg.String(),
			Up: newOSDsWith(mapping.Up, mapping.UpPrimary), Acting: newOSDsWith(mapping.Acting, mapping.ActingPrimary),
		})
	}
	return a.print(placed)
}

type objectMapping struct {
	Epoch     osdmap.Epoch  `json:"epoch"`
	Pool      string        `json:"pool"`
	PoolID    osdmap.PoolID `json:"pool_id"`
	Object    string        `json:"object"`
	Namespace string        `json:"namespace,omitempty"`
	Key       string        `json:"key,omitempty"`
	Hash      uint32        `json:"hash"`
	PG        string        `json:"pg"`
	Up        osdsWith      `json:"up"`
	Acting    osdsWith      `json:"acting"`
}

type objectMappings []objectMapping

func (rows objectMappings) text(w *bufio.Writer) {
	for _, r := range rows {
		name := r.Object
		if r.Namespace != "" {
			name = r.Namespace + "/" + name
		}
		fmt.Fprintf(w, "osdmap e%d pool '%s' (%d) object '%s' -> pg %d.%x (%s) -> up %v acting %v\n",
			r.Epoch, plain(r.Pool), r.PoolID, oneLine(name), r.PoolID, r.Hash, r.PG, r.Up, r.Acting)
	}
}
