package osdmap

import (
	"bytes"
	"compress/gzip"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"zeph/pkg/crush"
)

func readTestdata(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasSuffix(name, ".gz") {
		return b
	}
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	if b, err = io.ReadAll(z); err != nil {
		t.Fatal(err)
	}
	return b
}

// The map of osdmaptool --createsimple has room for OSDs, a pool, and no OSD.
func TestParseDumpReadsSimpleMap(t *testing.T) {
	t.Parallel()
	m, warnings, err := ParseDump(readTestdata(t, "osdmap-simple.json.gz"), nil)
	if err != nil || len(warnings) != 0 {
		t.Fatalf("%v, warnings %q", err, warnings)
	}
	created := time.Date(2026, 11, 22, 6, 51, 15, 587_000_000, time.UTC)
	if m.Epoch() != 1 || m.MaxOSD() != 10 || m.Exists(0) || !m.FSID().IsZero() || m.PoolMax() != 1 || m.Created() != UnixMilli(created.UnixMilli()) {
		t.Errorf("read %+v", m)
	}
	want := Pool{
		ID: 1, Name: "rbd", Type: Replicated, Size: 3, MinSize: 2, PGNum: 160, PGPNum: 160,
		Flags: PoolHashPSPool, ObjectHash: HashRJenkins, Application: "rbd",
	}
	if p, ok := m.PoolNamed("rbd"); !ok || p != want {
		t.Errorf("the pool is %+v\nwant %+v", p, want)
	}
	if _, _, err := ParseDump(readTestdata(t, "osdmap-simple.json.gz"), testCrush(5, 2)); err != nil {
		t.Errorf("with a crush map: %v", err)
	}
}

// This one came out of osdmaptool --upmap, --mark-up-in and --mark-out.
func TestParseDumpReadsUpmaps(t *testing.T) {
	t.Parallel()
	m, warnings, err := ParseDump(readTestdata(t, "osdmap-upmap.json.gz"), testCrush(4, 4))
	if err != nil || len(warnings) != 0 {
		t.Fatalf("%v, warnings %q", err, warnings)
	}
	want := map[PGID][]UpmapItem{
		{1, 0x0}: {{13, 14}}, {1, 0x1d}: {{13, 14}}, {1, 0x20}: {{1, 3}},
		{1, 0x37}: {{1, 0}}, {1, 0x69}: {{1, 0}}, {1, 0x76}: {{10, 9}},
	}
	if got := maps.Collect(m.AllUpmapItems()); !maps.EqualFunc(got, want, slices.Equal) {
		t.Errorf("upmap items are %v\nwant %v", got, want)
	}
	for id, o := range m.OSDs() {
		if in := id != 7; !o.Up || m.IsIn(id) != in {
			t.Errorf("%v is %+v", id, o)
		}
	}
	if len(m.osds) != 16 {
		t.Errorf("%d osds", len(m.osds))
	}
}

// A map of a real cluster has things we do not, and things we would not let happen. All it
// says about placement is read, the rest is told.
func TestParseDumpKeepsOrTellsAll(t *testing.T) {
	t.Parallel()
	m, warnings, err := ParseDump(readTestdata(t, "dump-cluster.json"), testCrush(3, 2))
	if err != nil {
		t.Fatal(err)
	}
	if m.Epoch() != 81245 || m.FSID().String() != "6a1c2a3e-0b1f-4d2c-9f7e-5d0f3c9b7a11" || m.PoolMax() != 12 || m.MaxOSD() != 6 ||
		m.Created() != UnixMilli(time.Date(2019, 2, 28, 23, 59, 59, 250e6, time.UTC).UnixMilli()) ||
		m.Modified() != UnixMilli(time.Date(2024, 2, 29, 12, 0, 0, 0, time.UTC).UnixMilli()) ||
		m.Flags() != FlagNoOut|FlagNoRebalance|FlagFull || m.Ratios() != DefaultRatios() {
		t.Errorf("read %+v", m)
	}
	for id, want := range map[OSDID]OSD{
		0: {Up: true, Weight: 0x8001, PrimaryAffinity: 0x4000, UpFrom: 80000, UpThru: 81240, DownAt: 79990,
			Store: UUID{0x11, 0x11, 0x11, 0x11, 0x22, 0x22, 0x33, 0x33, 0x44, 0x44, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55},
			Addrs: []Addr{{"cluster.v2", "10.1.0.1:6802"}, {"public.v1", "10.0.0.1:6801"}, {"public.v2", "10.0.0.1:6800"}}},
		1: {Destroyed: true, OldWeight: 62259, PrimaryAffinity: crush.One, UpFrom: 5, UpThru: 6, DownAt: 7, LostAt: 8,
			Addrs: []Addr{{"public", "10.0.0.2:6800"}}},
		4: {Up: true, PrimaryAffinity: crush.One, Store: UUID{15: 4}, UpFrom: 9, UpThru: 9},
	} {
		if got, ok := m.OSD(id); !ok || encodedOSD(got) != encodedOSD(want) || !slices.Equal(got.Addrs, want.Addrs) {
			t.Errorf("%v is %+v\nwant %+v", id, got, want)
		}
	}
	want := Pool{
		ID: 3, Name: "rbd", Type: Replicated, Size: 3, PGNum: 160, PGPNum: 128, Flags: PoolHashPSPool,
		ObjectHash: HashRJenkins, Quota: Quota{1 << 40, 1_000_000}, Application: "rbd", LastChange: 81000,
	}
	if p, _ := m.Pool(3); p != want {
		t.Errorf("pool 3 is %+v\nwant %+v", p, want)
	}
	upmap, _ := m.Upmap(PGID{3, 0x1f})
	items, _ := m.UpmapItems(PGID{3, 0x9f})
	temp, _ := m.PGTemp(PGID{3, 5})
	holes, _ := m.PGTemp(PGID{5, 7})
	primary, _ := m.PrimaryTemp(PGID{3, 5})
	if !slices.Equal(upmap, []OSDID{0, 4, 5}) || !slices.Equal(items, []UpmapItem{{0, 4}, {1, 77}}) ||
		!slices.Equal(temp, []OSDID{99, 0, 4}) || !slices.Equal(holes, []OSDID{0, NoOSD, 4}) || primary != 4 {
		t.Errorf("upmap %v, items %v, pg_temp %v and %v, primary_temp %v", upmap, items, temp, holes, primary)
	}
	wantWarnings := []string{
		`flags: noautoscale is not supported`,
		`pools[0].flags: 8193 (hashpspool,selfmanaged_snaps) holds bits that are not supported`,
		`pools[0].application_metadata.rgw: only one application of a pool is kept: rbd`,
		`pools[0].application_metadata.rbd.k: not supported: "v"`,
		`pools[0].options: not supported: {"pg_num_max":32}`,
		`pools[0].pg_placement_num_target: not supported: 160`,
		`pools[0].read_tier: not supported: 5`,
		`pools[0].removed_snaps: not supported: "[1~3]"`,
		`pools[0].snap_epoch: not supported: 900`,
		`pools[0].snap_seq: not supported: 3`,
		`pools[0].tiers: not supported: [5]`,
		`pools[1].cache_mode: not supported: "writeback"`,
		`pools[1].erasure_code_profile: not supported: "k4m2"`,
		`pools[1].hit_set_params: not supported: {"type":"bloom","false_positive_probability":0.05}`,
		`pools[1].tier_of: not supported: 3`,
		`osds[1].state[3]: noup is not supported`,
		`blocklist: not supported: {"10.9.8.7:0/123":"2024-03-01T00:00:00.000000+0000"}`,
		`crush_node_flags: not supported: {"host1":["noout"]}`,
		`erasure_code_profiles: not supported: {"default":{"k":"2","m":"2"},"k4m2":{"k":"4","m":"2"}}`,
		`pg_upmap_primaries: not supported: [{"pgid":"3.1","primary_osd":4}]`,
		`removed_snaps_queue: not supported: [{"pool":3,"snaps":[{"begin":3,"length":1}]}]`,
		`something_new: not supported: 7`,
		`stretch_mode: not supported: {"stretch_mode_enabled":true,"stretch_bucket_count":2,"degraded_stretch_mode":0,…`,
		`pg_upmap_items: 3.a0 is no pg of any pool`,
		`pg_temp: 9.0 is no pg of any pool`,
	}
	slices.Sort(wantWarnings)
	slices.Sort(warnings)
	if !slices.Equal(warnings, wantWarnings) {
		t.Errorf("warnings are\n%s\nwant\n%s", strings.Join(warnings, "\n"), strings.Join(wantWarnings, "\n"))
	}
	if _, err := DecodeMap([]byte(encoded(t, m))); err != nil {
		t.Errorf("does not read back: %v", err)
	}
	next(t, m, func(c *Change) { c.OSDs[0] = OSDChange{Down: true} }) // Changes may follow
}

func TestParseDumpNamesThePathOfWhatIsMalformed(t *testing.T) {
	t.Parallel()
	good := string(readTestdata(t, "dump-cluster.json"))
	for _, tt := range []struct{ old, new, want string }{
		{"{\n    \"epoch\"", "[\n    \"epoch\"", "expected JSON: invalid character"},
		{`"epoch": 81245,`, ``, "epoch: is missing"},
		{`"epoch": 81245`, `"epoch": -1`, `epoch: "-1": expected 0 to 4294967295`},
		{`"epoch": 81245`, `"epoch": null`, `epoch: null: expected a number`},
		{`"epoch": 81245`, `"epoch": 1e400`, `epoch: "1e400"`},
		{`6a1c2a3e-`, `6a1c2a3e`, "fsid: uuid"},
		{`"max_osd": 6`, `"max_osd": 99999999`, "max_osd: "},
		{`"max_osd": 6`, `"max_osd": 4`, `osds[2].osd: "4": expected 0 to 3`},
		{`"osd": 4,`, `"osd": 0,`, "osds[2]: osd.0 appears twice"},
		{`"weight": 0.50001525878906`, `"weight": "x"`, `osds[0].weight: "x": expected a number`},
		{`"weight": 0.50001525878906`, `"weight": 1.5`, `osds[0].weight: 1.5: expected 0 to 1`},
		{`"weight": 0.50001525878906`, `"weight": -1`, `osds[0].weight: -1: expected 0 to 1`},
		{`"full_ratio": 0.94999998807907104`, `"full_ratio": 95`, "full_ratio: 95"},
		{`"type": 1,`, `"type": 2,`, "pool 3: type 2"},
		{`"size": 3,`, `"size": 0,`, "pool 3: size 0"},
		{`"pg_num": 160`, `"pg_num": 0`, "pool 3: pg_num 0"},
		{`"crush_rule": 0`, `"crush_rule": 5`, "pool 3: rule 5: unknown rule"},
		{`"pool_name": "cache"`, `"pool_name": "rbd"`, `name "rbd"`},
		{`"pools": [`, `"pools": [1,`, "pools[0]: 1: expected an object"},
		{`"osds": [0, 4, 5]`, `"osds": [0, "4"]`, `pg_upmap[0].osds: [0,"4"]: expected a list of osd ids`},
		{`"pgid": "3.5"`, `"pgid": "3-5"`, `pg_temp[0].pgid: pg "3-5"`},
		{`"pgid": "5.7"`, `"pgid": "3.5"`, `pg_temp[1]: pg 3.5 appears twice`},
		{`"osds": [99, 0, 4]`, `"osds": [-1]`, `pg_temp 3.5: osds [-1]`},
		{`"3.5", 4, "5.1", 0`, `"3.5", 4, "5.1"`, "primary_temp: 3 elements"},
		{`"from": 1, "to": 77`, `"from": 1`, "pg_upmap_items[0].mappings[1].to: is missing"},
		{`"addr": "10.0.0.1:6800"`, `"addr": "10.0.0.1: 6800"`, `osd.0: address "public.v2"`},
	} {
		bad := strings.Replace(good, tt.old, tt.new, 1)
		if bad == good {
			t.Fatalf("%q is not in the dump", tt.old)
		}
		if m, _, err := ParseDump([]byte(bad), testCrush(3, 2)); m != nil || err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s instead of %s: %v\nwant in it: %s", tt.new, tt.old, err, tt.want)
		}
	}
}

// Ceph prints weights as decimals of limited length; each must come back as it was.
func TestParseDumpReadsEveryWeightExactly(t *testing.T) {
	t.Parallel()
	for w := range crush.One + 1 {
		printed := strconv.FormatFloat(w.Float(), 'g', 6, 64) // fewer digits than Ceph's
		read, err := strconv.ParseFloat(printed, 64)
		if got := roundTo(read, uint32(crush.One)); err != nil || got != uint32(w) {
			t.Fatalf("weight %d, printed as %s, is read as %d", w, printed, got)
		}
	}
}

func TestMomentsAreThoseOfTheCalendar(t *testing.T) {
	t.Parallel()
	for day := time.Date(1970, 1, 1, 11, 22, 33, 444e6, time.UTC); day.Year() < 2110; day = day.AddDate(0, 0, 1) {
		for _, layout := range []string{"2006-01-02T15:04:05.000000+0000", "2006-01-02 15:04:05.000000"} {
			if got, ok := parseMoment(day.Format(layout)); !ok || got != UnixMilli(day.UnixMilli()) {
				t.Fatalf("%s is %d, want %d", day.Format(layout), got, day.UnixMilli())
			}
		}
	}
	for _, s := range []string{"", "yesterday", "2026-11-22T06:51:15.587580+0100", "2026-11-22T06:51:15.587580-0500", "2026-13-01T00:00:00.000000"} {
		if got, ok := parseMoment(s); ok {
			t.Errorf("%q is taken for %d", s, got)
		}
	}
}

func TestParseDumpReadsWhatOSDMapToolWrites(t *testing.T) {
	t.Parallel()
	tool, err := exec.LookPath("osdmaptool")
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("osdmaptool is not installed: apt-get install ceph-base")
		}
		t.Skip("osdmaptool is not installed: apt-get install ceph-base")
	}
	file := filepath.Join(t.TempDir(), "map")
	if out, err := exec.Command(tool, file, "--createsimple", "25", "--pg-bits", "3", "--pgp-bits", "2", "--with-default-pool").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	out, err := exec.Command(tool, file, "--mark-up-in", "--mark-out", "11", "--dump", "json").Output()
	if err != nil {
		t.Fatal(err)
	}
	m, warnings, err := ParseDump(out[bytes.IndexByte(out, '{'):], nil) // talk comes first
	if err != nil || len(warnings) > 0 {
		t.Fatalf("%v, warnings %q", err, warnings)
	}
	if p, _ := m.Pool(1); p.PGNum != 200 || p.PGPNum != 100 || m.MaxOSD() != 25 || !m.IsUp(11) || !m.IsOut(11) || !m.IsIn(24) || m.Exists(25) {
		t.Errorf("read %+v with pool %+v", m, p)
	}
}

func FuzzParseDumpNeverPanics(f *testing.F) {
	f.Add(readTestdata(f, "osdmap-simple.json.gz"))
	f.Add(readTestdata(f, "dump-cluster.json"))
	f.Add([]byte(`{"epoch":1,"osds":[{"osd":1048575}],"max_osd":1048576}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, _, err := ParseDump(b, nil)
		if err != nil {
			return
		}
		if _, err := DecodeMap([]byte(encoded(t, m))); err != nil {
			t.Fatalf("does not read back: %v", err)
		}
	})
}
