package crush

import (
	"bytes"
	"testing"
)

// seeds adds every map of testdata in some form.
func seeds(f *testing.F, form func([]byte) ([]byte, error), patterns ...string) {
	for _, pattern := range patterns {
		for _, src := range vectorMaps(f, pattern) {
			if seed, err := form(src); err == nil {
				f.Add(seed)
			}
		}
	}
}

func asIs(src []byte) ([]byte, error) { return src, nil }

// FuzzParseText: what can be read prints as a text that means the same.
func FuzzParseText(f *testing.F) {
	seeds(f, asIs, "vectors/*.txt", "text/*.txt")
	f.Fuzz(func(t *testing.T, src []byte) {
		m, _, err := ParseText(src)
		if err != nil {
			return
		}
		back, _, err := ParseText(m.Text())
		if err != nil {
			t.Fatalf("%v in\n%s", err, m.Text())
		}
		if diff := m.differences(back); diff != nil {
			t.Fatalf("%v in\n%s", diff, m.Text())
		}
	})
}

// FuzzParseDump: what can be read dumps as something that means the same.
func FuzzParseDump(f *testing.F) {
	seeds(f, asIs, "vectors/*.json", "text/*.json")
	f.Fuzz(func(t *testing.T, src []byte) {
		m, _, err := ParseDump(src)
		if err != nil || m.hugeDump() {
			return
		}
		m.TextLoss() // must not panic
		back, _, err := ParseDump(m.Dump())
		if err != nil {
			t.Fatalf("%v in\n%s", err, m.Dump())
		}
		if again := back.Dump(); !bytes.Equal(again, m.Dump()) {
			t.Fatalf("got\n%s\nwant\n%s", again, m.Dump())
		}
	})
}

// hugeDump: the dump would list a lot of devices that are not there.
func (m *Map) hugeDump() bool {
	return m.MaxDevices() > 1000 || len(m.Devices) > 0 && m.Devices[len(m.Devices)-1].ID > 1000
}

// FuzzUnmarshal: there is just one encoding of what can be decoded.
func FuzzUnmarshal(f *testing.F) {
	seeds(f, func(src []byte) ([]byte, error) {
		m, _, err := ParseText(src)
		if err != nil {
			return nil, err
		}
		return m.MarshalBinary()
	}, "vectors/*.txt", "text/*.txt")
	f.Fuzz(func(t *testing.T, src []byte) {
		var m Map
		if err := m.UnmarshalBinary(src); err != nil {
			return
		}
		again, err := m.MarshalBinary()
		if err != nil || !bytes.Equal(again, src) {
			t.Fatalf("%x becomes %x, %v", src, again, err)
		}
	})
}
