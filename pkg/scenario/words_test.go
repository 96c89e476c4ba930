package scenario

import (
	"testing"
	"time"
)

func TestParseDuration(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Duration{
		"0s": 0, "300ms": 300 * time.Millisecond, "1.5s": 1500 * time.Millisecond, "1m30s": 90 * time.Second, "10000h": 10_000 * time.Hour,
	} {
		if got, err := parseDuration(text); err != nil || got != want {
			t.Errorf("%s: %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "5", "s", "-1s", "1.2345s", "1 s", "3000000h", "4294967295h", "4294967295m10000h"} {
		if got, err := parseDuration(text); err == nil {
			t.Errorf("%q is %v", text, got)
		}
	}
}

// TestParseTarget: hosts and racks have names, h1 and r1, and OSDs have numbers alone.
func TestParseTarget(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{"host h1": "host h1", "host 1": "host h1", "rack r2": "rack r2", "osd.3": "osd.3"} {
		if got, err := ParseTarget(text); err != nil || got.String() != want {
			t.Errorf("%s: %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"osd.h3", "host r1", "host hh1", "rack h2", "osd.-1", "osd."} {
		if got, err := ParseTarget(text); err == nil {
			t.Errorf("%q is %v", text, got)
		}
	}
}
