package main

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"

	"zeph/pkg/crush"
	"zeph/pkg/osdmap"
	"zeph/pkg/placement"
)

// comparePGs has osdmaptool place the PGs of a cluster, and follows it from its dump.
func (b *bench) comparePGs(c *testCase) (counts, int, error) {
	m, err := b.dumped()
	if err != nil {
		return counts{}, 0, err
	}
	mp, err := crush.NewMapper(m)
	if err != nil {
		return counts{}, 0, err
	}
	binary, err := os.ReadFile(b.path("map"))
	if err != nil {
		return counts{}, 0, err
	}
	q := query{mapper: mp, reweight: c.deviceWeights(), pool: -1}
	cl := c.cluster(mp, binary, q.affordable(m, b.draws/osdmaptoolMaps))
	if err := os.WriteFile(b.path("osdmap"), cl.encode(), 0o644); err != nil {
		return counts{}, 0, err
	}
	om, err := b.readOSDMap(cl, m)
	if err != nil {
		return counts{}, 0, err
	}
	table, err := placement.NewTable(om)
	if err != nil {
		return counts{}, 0, err
	}
	compared, err := b.compareTable(c, cl, table)
	if err != nil {
		return counts{}, 0, err
	}
	objects, err := b.compareObjects(c, cl, table)
	return compared, objects, err
}

// osdmaptoolMaps is how often osdmaptool asks CRUSH for each PG.
const osdmaptoolMaps = 3

// readOSDMap reads osdmaptool's dump of the cluster, which must come out as meant.
func (b *bench) readOSDMap(cl *cluster, m *crush.Map) (*osdmap.Map, error) {
	dump, err := b.run(b.tools.osdmaptool, "osdmap", "--dump", "json")
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(b.path("osdmap.json"), dump, 0o644); err != nil {
		return nil, err
	}
	om, _, err := osdmap.ParseDump(dump, m) // the warnings are about what placement has no need of
	if err != nil {
		return nil, fmt.Errorf("our reading of osdmaptool's dump: %w", err)
	}
	if err := cl.readBack(om); err != nil {
		return nil, fmt.Errorf("osdmaptool's dump as we read it: %w", err)
	}
	return om, nil
}

// compareTable follows osdmaptool through all PGs. Of upmaps only PGs that have one count.
func (b *bench) compareTable(c *testCase, cl *cluster, table *placement.Table) (counts, error) {
	args := []string{"osdmap", "--test-map-pgs-dump-all"}
	theirs, err := b.run(b.tools.osdmaptool, args...)
	if err != nil {
		return counts{}, err
	}
	var compared counts
	var want []byte
	pgs := cl.pgs
	for i := range cl.pools {
		p := &cl.pools[i]
		header := fmt.Sprintf("pool %d pg_num %d\n", p.ID, p.PGNum)
		rest, ok := bytes.CutPrefix(theirs, []byte(header))
		if !ok {
			return counts{}, fmt.Errorf("osdmaptool: expected %q, got %.80q", header, theirs)
		}
		theirs = rest
		for range p.PGNum {
			pg := pgs[0]
			pgs = pgs[1:]
			mapping, _ := table.PG(pg.pg)
			want = appendMapping(want[:0], pg.pg, &mapping)
			line, rest, _ := bytes.Cut(theirs, []byte("\n"))
			if !bytes.Equal(line, want) {
				return counts{}, &mismatch{
					command: commandLine(b.tools.osdmaptool, args),
					where:   fmt.Sprintf("pg %v: %+v", pg.pg, pg),
					ours:    string(want),
					theirs:  string(line),
				}
			}
			theirs = rest
			if c.feature != "upmap" || len(pg.upmap)+len(pg.items) > 0 {
				compared[c.shapes[p.Rule]]++
			}
		}
	}
	return compared, nil
}

// appendMapping is what osdmaptool prints of a PG.
func appendMapping(dst []byte, pg osdmap.PGID, m *placement.Mapping) []byte {
	dst = append(dst, pg.String()...)
	dst = appendStage(dst, " raw (", m.Raw, m.RawPrimary)
	dst = appendStage(dst, " up (", m.Up, m.UpPrimary)
	return appendStage(dst, " acting (", m.Acting, m.ActingPrimary)
}

func appendStage(dst []byte, name string, osds []osdmap.OSDID, primary osdmap.OSDID) []byte {
	if primary == osdmap.NoOSD {
		primary = -1
	}
	dst = appendList(append(dst, name...), osds)
	dst = append(dst, ", p"...)
	return append(strconv.AppendInt(dst, int64(primary), 10), ')')
}

// compareObjects places a few objects, each of which takes osdmaptool one run.
func (b *bench) compareObjects(c *testCase, cl *cluster, table *placement.Table) (int, error) {
	const objects = 2
	for range objects {
		pool := &cl.pools[c.rand.IntN(len(cl.pools))]
		o := c.object()
		name := o.Name
		if o.Namespace != "" {
			name = o.Namespace + "\x1f" + o.Name // osdmaptool knows no namespaces; Ceph hashes them so
		}
		args := []string{"osdmap", "--pool", fmt.Sprint(pool.ID), "--test-map-object", name}
		theirs, err := b.run(b.tools.osdmaptool, args...)
		if err != nil {
			return 0, err
		}
		pg := o.PG(pool)
		mapping, _ := table.PG(pg)
		want := fmt.Sprintf(" object '%s' -> %v -> %s\n", name, pg, appendList(nil, mapping.Acting))
		if string(theirs) != want {
			return 0, &mismatch{
				command: commandLine(b.tools.osdmaptool, args),
				where:   fmt.Sprintf("object %q in pool %d", name, pool.ID),
				ours:    want,
				theirs:  string(theirs),
			}
		}
	}
	return objects, nil
}

// object is one of up to 60 bytes of any kind that a command line can carry.
func (c *testCase) object() placement.Object {
	o := placement.Object{Name: "o" + c.word(60)}
	if c.chance(30) {
		o.Namespace = "n" + c.word(10)
	}
	return o
}

func (c *testCase) word(most int) string {
	var s strings.Builder
	for range c.rand.IntN(most) {
		if c.chance(80) {
			s.WriteByte("abcdefghijklmnopqrstuvwxyz0123456789._-"[c.rand.IntN(39)])
		} else {
			s.WriteByte(byte(c.between(1, 255)))
		}
	}
	return s.String()
}
