package pg

import (
	"flag"
	"fmt"
	"slices"
	"strings"
	"testing"

	"zeph/pkg/core"
)

var random = flag.Int("random", 30, "how many random scripts are played")

// TestRandom plays scripts that chance writes: appends of numbered words under crashes, cuts, resets, slow disks, moves, damage
// and scrubs. At the end all comes back. Every acknowledged word must be there, none twice; all copies alike.
func TestRandom(t *testing.T) {
	for seed := range *random {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			c := newChaos(t, uint64(seed))
			c.run(100)
			c.finish()
		})
	}
}

// chaos is one random run.
type chaos struct {
	t       *testing.T
	w       *world
	rand    *core.Rand
	lines   []string
	words   int
	open    map[string]string // word → its command, not answered for good
	acked   map[string]bool
	objects []string
	rotten  bool // a copy may still be damaged
}

func newChaos(t *testing.T, seed uint64) *chaos {
	c := &chaos{
		t: t, w: &world{t: t}, rand: core.RandFor(seed, "chaos"), open: map[string]string{}, acked: map[string]bool{},
		objects: []string{"a", "b", "c", "d", "e", "f"},
	}
	logs := []string{"2", "10", "1000"}[c.rand.IntN(3)]
	c.do("cluster 5 size=3 min=2 batch=2 push=50 log=%s", logs)
	return c
}

// do carries out a line, and notes what clients hear.
func (c *chaos) do(format string, args ...any) {
	line := fmt.Sprintf(format, args...)
	c.lines = append(c.lines, line)
	for _, out := range c.w.do(line) {
		c.lines = append(c.lines, "\t"+out)
		if strings.Contains(out, "exits") || strings.Contains(out, "panic") {
			c.fail("a machine gave up")
		}
		what, answer, _ := strings.Cut(out, ": ")
		f := strings.Fields(what)
		if len(f) == 4 && f[1] == "append" && strings.HasPrefix(answer, "done") {
			c.acked[f[3]] = true
			delete(c.open, f[3])
		}
		if len(f) == 4 && f[1] == "append" && answer == "forgotten" {
			delete(c.open, f[3]) // nobody knows
		}
	}
}

func (c *chaos) fail(format string, args ...any) {
	if p := c.w.primary(); p != nil && p.pg != nil {
		c.do("show %d query", p.id)
	}
	c.t.Fatalf("%s\n%s", fmt.Sprintf(format, args...), strings.Join(c.lines, "\n"))
}

func (c *chaos) osd() *testOSD { return c.w.osds[c.rand.IntN(len(c.w.osds))] }

func (c *chaos) run(steps int) {
	for range steps {
		switch n := c.rand.IntN(100); {
		case n < 40:
			c.append()
		case n < 46:
			c.resend()
		case n < 48:
			c.isolate()
		case n < 50:
			c.slow()
		case n < 65:
			c.do("wait %dms", 50*(1+c.rand.IntN(20)))
		case n < 72:
			c.down()
		case n < 80:
			c.up()
		case n < 84:
			c.do("map raw %s", c.three())
		case n < 88:
			a, b := c.osd().id, c.osd().id
			if a != b {
				c.do("reset %d-%d", a, b)
			}
		case n < 91:
			c.do("disk %d hold", c.osd().id)
		case n < 94:
			for _, o := range c.w.osds {
				c.do("disk %d go", o.id)
			}
		case n < 96:
			a, b := c.osd().id, c.osd().id
			if a != b {
				c.do("cut %d>%d", a, b)
			}
		case n < 98:
			c.do("heal")
		default:
			c.scrub()
		}
	}
}

// isolate cuts the primary off, lets it order a write that nobody hears of, and marks it down.
func (c *chaos) isolate() {
	p := c.w.primary()
	if p == nil || p.pg == nil {
		return
	}
	c.do("cut %d-*", p.id)
	for range 1 + c.rand.IntN(3) {
		c.append()
	}
	c.do("map down %d", p.id)
	if c.rand.Chance(500_000) {
		c.do("crash %d keep=9", p.id)
	}
	c.do("heal")
}

// slow holds a sort of message of backfill or peering back for a while.
func (c *chaos) slow() {
	types := []string{"pg push", "pg cursor", "pg cursor ack", "pg pushed", "pg activate", "pg activated", "sub-write", "sub-write reply", "pg notify"}
	typ := types[c.rand.IntN(len(types))]
	c.do("hold *>%d %s", c.osd().id, typ)
	rule := strings.TrimPrefix(c.lastCommand(), "hold ")
	for range c.rand.IntN(5) {
		switch c.rand.IntN(4) {
		case 0:
			c.do("wait %dms", 100*(1+c.rand.IntN(10)))
		case 1:
			c.up()
		case 2:
			c.do("map raw %s", c.three())
		default:
			c.append()
		}
	}
	c.do("release %s", rule)
}

func (c *chaos) lastCommand() string {
	for i := len(c.lines) - 1; ; i-- {
		if !strings.HasPrefix(c.lines[i], "\t") {
			return c.lines[i]
		}
	}
}

func (c *chaos) append() {
	c.words++
	word := fmt.Sprintf("<%d>", c.words)
	c.open[word] = fmt.Sprintf("append c%d %s %s id=%d", c.words%3, c.objects[c.rand.IntN(len(c.objects))], word, c.words)
	c.do("%s", c.open[word])
}

// resend sends a word again that has no answer yet.
func (c *chaos) resend() {
	var words []string
	for w := range c.open {
		words = append(words, w)
	}
	slices.Sort(words)
	if len(words) > 0 {
		c.do("%s resend", c.open[words[c.rand.IntN(len(words))]])
	}
}

func (c *chaos) three() string {
	ids := []int{0, 1, 2, 3, 4}
	for i := range ids {
		j := i + c.rand.IntN(len(ids)-i)
		ids[i], ids[j] = ids[j], ids[i]
	}
	return fmt.Sprintf("%d,%d,%d", ids[0], ids[1], ids[2])
}

// down takes an OSD down, dead or only cut off from the monitors.
func (c *chaos) down() {
	o := c.osd()
	up := 0
	for _, other := range c.w.osds {
		if c.w.newest().IsUp(other.id) {
			up++
		}
	}
	if !c.w.newest().IsUp(o.id) || up < 2 {
		return
	}
	if c.rand.Chance(600_000) {
		c.do("crash %d keep=%d", o.id, c.rand.IntN(4))
	}
	c.do("map down %d", o.id)
}

func (c *chaos) up() {
	if o := c.osd(); !c.w.newest().IsUp(o.id) {
		c.do("map up %d", o.id)
	}
}

// scrub makes one copy of one object rot, when all is well, and lets it be found.
func (c *chaos) scrub() {
	p := c.w.primary()
	if p == nil || p.pg == nil || p.pg.State() != "active+clean" {
		return
	}
	at := c.w.view(c.w.newest().Epoch()).Mapping.Acting
	o, name := c.w.osds[at[c.rand.IntN(len(at))]], c.objects[c.rand.IntN(len(c.objects))]
	if !o.store.Damage(c.w.key(name), 0, 1) {
		return
	}
	c.lines = append(c.lines, fmt.Sprintf("rot %d %s", o.id, name))
	c.do("ask pg repair")
	c.do("wait 1s")
	c.do("until clean 10s")
	if v, err := o.store.Verify(c.w.key(name)); err != nil || len(v.Damage) > 0 {
		c.rotten = true // a cut kept the scrub from ending
	}
}

// finish brings everything back, and judges.
func (c *chaos) finish() {
	c.do("heal")
	for _, o := range c.w.osds {
		c.do("disk %d go", o.id)
		if !c.w.newest().IsUp(o.id) {
			c.do("map up %d", o.id)
		}
	}
	c.do("until clean 60s")
	for len(c.open) > 0 {
		before := len(c.open)
		c.resend()
		c.do("wait 200ms")
		if len(c.open) == before {
			c.fail("an append is not answered")
		}
	}
	if c.rotten {
		c.do("ask pg repair")
		c.do("wait 2s")
	}
	c.do("until clean 10s")
	c.do("alike")
	if last := c.lines[len(c.lines)-1]; !strings.Contains(last, "3 copies alike") {
		c.fail("copies differ")
	}
	all := ""
	for _, name := range c.objects {
		data, _, err := c.w.primary().store.Read(nil, c.w.key(name), 0, 1<<20)
		if err == nil {
			all += string(data)
		}
	}
	for word := range c.acked {
		if n := strings.Count(all, word); n != 1 {
			c.fail("%s is there %d times", word, n)
		}
	}
}
