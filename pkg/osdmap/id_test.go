package osdmap

import (
	"math"
	"testing"
)

func TestPGIDReadsBackAsWritten(t *testing.T) {
	t.Parallel()
	for want, pg := range map[string]PGID{
		"1.7f":                         {1, 0x7f},
		"0.0":                          {0, 0},
		"9223372036854775807.ffffffff": {math.MaxInt64, math.MaxUint32},
	} {
		if got := pg.String(); got != want {
			t.Errorf("%#v is %q, want %q", pg, got, want)
		}
		if got, err := ParsePGID(want); err != nil || got != pg {
			t.Errorf("ParsePGID(%q) = %v, %v", want, got, err)
		}
	}
	for _, s := range []string{"", "1", "1.", ".1", "1.1.1", "-1.0", "+1.0", "1.-1", "1.0x1", "1.g", "1.100000000", "9223372036854775808.0", " 1.0", "1_0.0"} {
		if pg, err := ParsePGID(s); err == nil {
			t.Errorf("ParsePGID(%q) = %v, want an error", s, pg)
		}
	}
}

func TestUUIDReadsBackAsWritten(t *testing.T) {
	t.Parallel()
	const s = "01234567-89ab-cdef-fedc-ba9876543210"
	if u, err := ParseUUID(s); err != nil || u.String() != s {
		t.Errorf("ParseUUID(%q) = %v, %v", s, u, err)
	}
	for _, s := range []string{"", "0123456789abcdeffedcba9876543210", "01234567-89ab-cdef-fedc-ba987654321", "01234567-89ab-cdef-fedc-ba987654321g", "01234567-89ab-cdef-fedc_ba9876543210"} {
		if u, err := ParseUUID(s); err == nil {
			t.Errorf("ParseUUID(%q) = %v, want an error", s, u)
		}
	}
}

func TestFlagsReadBackByName(t *testing.T) {
	t.Parallel()
	for bit := range 32 {
		f := Flags(1) << bit
		got, err := ParseFlag(f.String())
		if known := f.unknown() == 0; known != (err == nil) || known && got != f {
			t.Errorf("flag %v: ParseFlag = %v, %v", f, got, err)
		}
		p := PoolFlags(1) << bit
		back, err := ParsePoolFlag(p.String())
		if known := p.unknown() == 0; known != (err == nil) || known && back != p {
			t.Errorf("pool flag %v: ParsePoolFlag = %v, %v", p, back, err)
		}
	}
	if got := (FlagNoOut | FlagPause | 1<<31).String(); got != "pauserd,pausewr,noout,bit31" {
		t.Errorf("flags are %q", got)
	}
	if f, err := ParseFlag("pause"); err != nil || f != FlagPauseRead|FlagPauseWrite {
		t.Errorf("ParseFlag(pause) = %v, %v", f, err)
	}
}

func TestRatioIsShownAsDecimal(t *testing.T) {
	t.Parallel()
	for r, want := range map[Ratio]string{850_000: "0.85", 0: "0", Whole: "1", 1: "0.000001", 1_500_000: "1.5"} {
		if got := r.String(); got != want {
			t.Errorf("%d ppm is %q, want %q", uint32(r), got, want)
		}
	}
}
