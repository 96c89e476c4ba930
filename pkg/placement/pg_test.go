package placement

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"zeph/pkg/crush"
	"zeph/pkg/osdmap"
)

func readFile(t testing.TB, name string) []byte {
	t.Helper()
	src, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasSuffix(name, ".gz") {
		return src
	}
	z, err := gzip.NewReader(bytes.NewReader(src))
	if err != nil {
		t.Fatal(err)
	}
	if src, err = io.ReadAll(z); err != nil {
		t.Fatal(err)
	}
	return src
}

// simple is a map of 10 OSDs made by Ceph's osdmaptool 16.2.15, marked up and in.
func simple(t testing.TB) *osdmap.Map {
	t.Helper()
	c, _, err := crush.ParseText(readFile(t, "osdmap-simple.crush.txt"))
	if err != nil {
		t.Fatal(err)
	}
	m, _, err := osdmap.ParseDump(readFile(t, "osdmap-simple.json.gz"), c)
	if err != nil {
		t.Fatal(err)
	}
	if m, err = AllUpIn(m); err != nil {
		t.Fatal(err)
	}
	return m
}

func cephForm(ids []osdmap.OSDID) string {
	words := make([]string, len(ids))
	for i, id := range ids {
		words[i] = fmt.Sprint(int32(id))
	}
	return "[" + strings.Join(words, ",") + "]"
}

// TestPGsEqualCeph holds the mapping of every PG to osdmaptool --test-map-pgs-dump-all.
func TestPGsEqualCeph(t *testing.T) {
	t.Parallel()
	m := simple(t)
	mp, err := New(m)
	if err != nil {
		t.Fatal(err)
	}
	pool, _ := m.PoolNamed("rbd")
	var s Scratch
	seen := 0
	for sc := bufio.NewScanner(bytes.NewReader(readFile(t, "osdmap-simple.pgs-all.gz"))); sc.Scan(); {
		if !strings.Contains(sc.Text(), " raw ") {
			continue
		}
		pg, err := osdmap.ParsePGID(strings.Fields(sc.Text())[0])
		if err != nil {
			t.Fatal(err)
		}
		p := mp.Map(&s, &pool, pg)
		got := fmt.Sprintf("%v raw (%s, p%d) up (%s, p%d) acting (%s, p%d)", pg,
			cephForm(p.Raw), p.RawPrimary, cephForm(p.Up), p.UpPrimary, cephForm(p.Acting), p.ActingPrimary)
		if got = strings.ReplaceAll(got, "posd.", "p"); got != sc.Text() {
			t.Errorf("\n got %s\nwant %s", got, sc.Text())
		}
		seen++
	}
	if seen != int(pool.PGNum) {
		t.Errorf("%d reference mappings, want %d", seen, pool.PGNum)
	}
}

// TestObjectsEqualCeph holds where names land to osdmaptool --test-map-object.
func TestObjectsEqualCeph(t *testing.T) {
	t.Parallel()
	m := simple(t)
	mp, err := New(m)
	if err != nil {
		t.Fatal(err)
	}
	pool, _ := m.PoolNamed("rbd")
	var s Scratch
	seen := 0
	for sc := bufio.NewScanner(bytes.NewReader(readFile(t, "osdmap-simple.objects.gz"))); sc.Scan(); {
		name, ok := strings.CutPrefix(sc.Text(), " object '")
		if !ok {
			continue
		}
		name = name[:strings.LastIndex(name, "' -> 1.")]
		pg := Object{Name: name}.PG(&pool)
		got := fmt.Sprintf(" object '%s' -> %v -> %s", name, pg, cephForm(mp.Map(&s, &pool, pg).Up))
		if got != sc.Text() {
			t.Errorf("\n got %s\nwant %s", got, sc.Text())
		}
		seen++
	}
	if seen != 200 {
		t.Errorf("%d reference objects, want 200", seen)
	}
}

// TestNamespaceAndKey: the key replaces the name, the namespace is hashed before either,
// as in Ceph.
func TestNamespaceAndKey(t *testing.T) {
	t.Parallel()
	pool := &osdmap.Pool{ObjectHash: osdmap.HashRJenkins}
	name := Object{Name: "a"}.Hash(pool)
	if (Object{Name: "b", Key: "a"}).Hash(pool) != name {
		t.Error("the key does not replace the name")
	}
	inside := Object{Name: "a", Namespace: "ns"}.Hash(pool)
	if inside == name || inside != (Object{Name: "ns\x1fa"}).Hash(pool) {
		t.Error("the namespace is not hashed with its separator")
	}
	if (Object{Name: "b", Namespace: "ns", Key: "a"}).Hash(pool) != inside {
		t.Error("the key does not replace the name within a namespace")
	}
	linux := &osdmap.Pool{ObjectHash: osdmap.HashLinux}
	if h := (Object{Name: "a"}).Hash(linux); h != ('a'<<4+'a'>>4)*11 {
		t.Errorf("linux hash of one letter: %d", h)
	}
}

// TestStableModMovesLittle: growing n by one only splits one PG.
func TestStableModMovesLittle(t *testing.T) {
	t.Parallel()
	for n := uint32(1); n < 200; n++ {
		half := uint32(1)
		for half*2 <= n {
			half *= 2
		}
		for x := range uint32(4096) {
			was, is := stableMod(x, n), stableMod(x, n+1)
			if was >= n || was != is && (is != n || was != n-half) {
				t.Fatalf("x %d: %d of %d becomes %d of %d", x, was, n, is, n+1)
			}
		}
	}
	if stableMod(5, 0) != 0 {
		t.Error("a pool without PGs")
	}
}

// TestSeedWithoutHashPSPool: the old seed is the sum of PG and pool.
func TestSeedWithoutHashPSPool(t *testing.T) {
	t.Parallel()
	old := &osdmap.Pool{ID: 3, PGNum: 8, PGPNum: 8}
	if got := Seed(old, osdmap.PGID{Pool: 3, Seed: 5}); got != 8 {
		t.Errorf("seed %d, want 8", got)
	}
	lagging := &osdmap.Pool{ID: 3, PGNum: 8, PGPNum: 4, Flags: osdmap.PoolHashPSPool}
	if Seed(lagging, osdmap.PGID{Pool: 3, Seed: 5}) != Seed(lagging, osdmap.PGID{Pool: 3, Seed: 1}) {
		t.Error("pgp_num 4 does not keep PG 5 beside PG 1")
	}
}
