package objecter

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"zeph/pkg/crush"
	"zeph/pkg/osdmap"
	"zeph/pkg/wire"
)

var fsid = osdmap.UUID{0xfe, 15: 1}

const testOSDs = 4

func firstChange(c *osdmap.Change) {
	m := &crush.Map{
		Tunables: crush.DefaultTunables(),
		Types:    []crush.Type{{ID: 0, Name: "osd"}, {ID: 1, Name: "host"}, {ID: 2, Name: "root"}},
		Buckets:  []crush.Bucket{{ID: -1, Name: "default", Type: 2, Alg: crush.Straw2}},
		Rules: []crush.Rule{{ID: 0, Name: "replicated", Type: crush.Replicated, MinSize: 1, MaxSize: 10, Steps: []crush.Step{
			{Op: crush.OpTake, Arg1: -1}, {Op: crush.OpChooseleafFirstn, Arg2: 1}, {Op: crush.OpEmit}}}},
	}
	n := int32(testOSDs)
	for id := range crush.ItemID(testOSDs) {
		m.Devices = append(m.Devices, crush.Device{ID: id, Name: fmt.Sprintf("osd.%d", id)})
		host := crush.Bucket{ID: -2 - id, Name: fmt.Sprintf("host%d", id), Type: 1, Alg: crush.Straw2,
			Items: []crush.Item{{ID: id, Weight: crush.One}}}
		m.Buckets[0].Items = append(m.Buckets[0].Items, crush.Item{ID: host.ID, Weight: crush.One})
		m.Buckets = append(m.Buckets, host)
		c.OSDs[osdmap.OSDID(id)] = osdmap.OSDChange{Create: true}
	}
	c.Crush, c.MaxOSD = m, &n
	c.Pools = []osdmap.Pool{pool(1, "demo")}
}

func pool(id osdmap.PoolID, name string) osdmap.Pool {
	return osdmap.Pool{ID: id, Name: name, Type: osdmap.Replicated, Size: 3, MinSize: 2, PGNum: 4, PGPNum: 4,
		Flags: osdmap.PoolHashPSPool, ObjectHash: osdmap.HashRJenkins}
}

func boots(c *osdmap.Change) {
	one := crush.One
	for id := range osdmap.OSDID(testOSDs) {
		c.OSDs[id] = osdmap.OSDChange{Up: boot(id, 1), Weight: &one}
	}
}

// boot is the n-th run of an OSD.
func boot(id osdmap.OSDID, run uint64) *osdmap.Boot {
	return &osdmap.Boot{GID: 100*run + uint64(id), Store: osdmap.UUID{0x57, 15: byte(id)},
		Addrs: []osdmap.Addr{{Name: "public.data", Addr: fmt.Sprintf("inproc://osd.%d.%d", id, run)}}}
}

func changeOf(t *testing.T, m *osdmap.Map, w []string) func(*osdmap.Change) {
	return func(c *osdmap.Change) {
		switch w[0] {
		case "down":
			c.OSDs[osdmap.OSDID(number(t, w[1]))] = osdmap.OSDChange{Down: true}
		case "up":
			id := osdmap.OSDID(number(t, w[1]))
			was, _ := m.OSD(id)
			c.OSDs[id] = osdmap.OSDChange{Up: boot(id, was.GID/100+1)}
		case "flag":
			c.SetFlags, _ = osdmap.ParseFlag(w[1])
		case "noflag":
			c.ClearFlags, _ = osdmap.ParseFlag(w[1])
		case "pool":
			c.Pools = []osdmap.Pool{pool(m.PoolMax()+1, w[1])}
		case "nopool":
			p, _ := m.PoolNamed(w[1])
			c.RemovedPools = []osdmap.PoolID{p.ID}
		case "temp":
			var osds []osdmap.OSDID
			for _, o := range w[2:] {
				osds = append(osds, osdmap.OSDID(number(t, o)))
			}
			c.PGTemp[pgid(t, w[1])] = osds
		case "nothing":
		default:
			t.Fatalf("no such change: %v", w)
		}
	}
}

func entity(name string) wire.Entity {
	e, err := wire.ParseEntity(name)
	if err != nil {
		panic(err)
	}
	return e
}

func number(t *testing.T, s string) uint64 {
	n, err := strconv.ParseUint(strings.TrimPrefix(s, "e"), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func duration(t *testing.T, s string) time.Duration {
	d, err := time.ParseDuration(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func pgid(t *testing.T, s string) osdmap.PGID {
	pg, err := osdmap.ParsePGID(s)
	if err != nil {
		t.Fatal(err)
	}
	return pg
}

func version(t *testing.T, s string) wire.PGVersion {
	epoch, seq, _ := strings.Cut(s, "'")
	return wire.PGVersion{Epoch: osdmap.Epoch(number(t, epoch)), Seq: number(t, seq)}
}

func code(t *testing.T, name string) wire.Code {
	name = strings.ReplaceAll(name, "-", " ")
	for c := wire.Code(1); c.Known(); c++ {
		if c.Error() == name {
			return c
		}
	}
	t.Fatalf("no such code: %s", name)
	return 0
}

func object(s string) Object {
	p, name, _ := strings.Cut(s, "/")
	return Object{Pool: Pool{Name: p}, Name: name}
}

// stepsOf reads steps: full=x, append=x, remove, absent, read, is=V.
func stepsOf(t *testing.T, words []string) (steps []wire.Step, bulk []byte) {
	for _, w := range words {
		op, arg, _ := strings.Cut(w, "=")
		switch op {
		case "full", "append":
			step := wire.Step{Op: wire.StepWriteFull, Length: uint64(len(arg))}
			if op == "append" {
				step.Op = wire.StepAppend
			}
			steps, bulk = append(steps, step), append(bulk, arg...)
		case "remove":
			steps = append(steps, wire.Step{Op: wire.StepRemove})
		case "absent":
			steps = append(steps, wire.Step{Op: wire.StepAbsent})
		case "is":
			steps = append(steps, wire.Step{Op: wire.StepIsVersion, Version: version(t, arg)})
		case "read":
			steps = append(steps, wire.Step{Op: wire.StepRead})
		default:
			t.Fatalf("no such step: %s", w)
		}
	}
	return steps, bulk
}
