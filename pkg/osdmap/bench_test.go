package osdmap

import "testing"

// A map of ten thousand OSDs is sent to ten thousand OSDs, and a Change to it in every epoch.
func TestTenThousandOSDsStaySmall(t *testing.T) {
	t.Parallel()
	m := testMap(t, 500, 20)
	whole := len(encoded(t, m))
	crushMap, err := encodeCrush(m.Crush())
	if err != nil {
		t.Fatal(err)
	}
	c := m.Next(0)
	c.OSDs[1234] = OSDChange{Down: true}
	change, err := c.Encode()
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("10,000 OSDs with 8 addresses each: map %d bytes, %d of them the crush map; change for one osd down %d bytes",
		whole, len(crushMap), len(change))
	if perOSD := (whole - len(crushMap)) / 10_000; perOSD > 150 || len(change) > 64 {
		t.Errorf("%d bytes for each OSD, %d for a change: want at most 150 and 64", perOSD, len(change))
	}
}

func BenchmarkTenThousandOSDs(b *testing.B) {
	m := testMap(b, 500, 20)
	for pool := range PoolID(2) {
		m = next(b, m, func(c *Change) {
			for seed := range uint32(32) {
				c.PGTemp[PGID{pool + 1, seed}] = []OSDID{1, 2, 3}
			}
		})
	}
	bytes := []byte(encoded(b, m))
	c := m.Next(0)
	c.OSDs[1234] = OSDChange{Down: true}
	b.Run("Apply", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := m.Apply(c); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("Encode", func(b *testing.B) {
		b.ReportAllocs()
		b.ReportMetric(float64(len(bytes)), "map-bytes")
		for b.Loop() {
			encoded(b, m)
		}
	})
	b.Run("Decode", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := DecodeMap(bytes); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("IsUp", func(b *testing.B) {
		for b.Loop() {
			m.IsUp(1234)
		}
	})
	b.Run("PGTemp", func(b *testing.B) {
		for b.Loop() {
			m.PGTemp(PGID{2, 17})
		}
	})
}
