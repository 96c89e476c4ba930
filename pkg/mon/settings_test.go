package mon

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

const settingsPage = "../../docs/settings.md"

// The page is made from the table: go test ./pkg/mon -run TestSettingsPage -update
func TestSettingsPage(t *testing.T) {
	t.Parallel()
	want := settingsText()
	if *update {
		if err := os.WriteFile(settingsPage, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(settingsPage)
	if err != nil || string(got) != want {
		t.Errorf("%s is not what the table makes of it: run with -update (%v)", settingsPage, err)
	}
}

func settingsText() string {
	var b strings.Builder
	fmt.Fprint(&b, `# Settings

What an operator can set while the cluster runs: `+"`zeph config set WHO NAME VALUE`"+`, where WHO is global, osd, mon or
one daemon such as osd.3; the closest one holds. Names are Ceph's where Ceph has them. A change holds at once: the
leading monitor reads its own, OSDs get theirs with the answer to their next beacon. This page is made from the table
in `+"`pkg/mon/settings.go`"+`.

| name | default | read by | what it is |
|---|---|---|---|
`)
	for _, s := range Settings() {
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", s.Name, s.Default, s.Reader, s.Doc)
	}
	fmt.Fprint(&b, `
A length of time is written as 500ms, 2s, 1.5m, 1h; a plain number counts seconds, as in Ceph. Bytes take K, M, G, T,
which are powers of 1024. A share is a decimal from 0 to 1.
`)
	return b.String()
}

func TestSettingsAreInOrderAndRight(t *testing.T) {
	t.Parallel()
	if !slices.IsSortedFunc(settings, func(a, b Setting) int { return strings.Compare(a.Name, b.Name) }) {
		t.Error("the table is not in order: it is searched by halves")
	}
	for _, s := range settings {
		if _, err := s.canonical(s.Default); err != nil {
			t.Errorf("the default of %s: %v", s.Name, err)
		}
		if s.Reader != "mon" && s.Reader != "osd" || s.Doc == "" {
			t.Errorf("%s: read by %q: %q", s.Name, s.Reader, s.Doc)
		}
	}
}

func TestCanonicalValues(t *testing.T) {
	t.Parallel()
	length, number := Setting{Kind: Length}, Setting{Kind: Number}
	bytes, share, yes := Setting{Kind: Bytes}, Setting{Kind: Share}, Setting{Kind: Bool}
	tests := []struct {
		setting     *Setting
		value, want string // want empty: refused
	}{
		{&length, "2s", "2s"}, {&length, "2", "2s"}, {&length, "500ms", "500ms"}, {&length, "1.5m", "90s"}, {&length, "0.25", "250ms"},
		{&length, "1h", "3600s"}, {&length, "-1s", ""}, {&length, "", ""}, {&length, "soon", ""}, {&length, "1.2.3s", ""}, {&length, "99999999999999s", ""},
		{&number, "7", "7"}, {&number, "7.5", ""}, {&number, "-7", ""}, {&number, "99999999999", ""},
		{&bytes, "4096", "4096"}, {&bytes, "64M", "67108864"}, {&bytes, "1GiB", "1073741824"}, {&bytes, "9999999999T", ""}, {&bytes, "x", ""},
		{&share, "0.25", "0.25"}, {&share, "1", "1"}, {&share, "1.1", ""}, {&share, "half", ""},
		{&yes, "true", "true"}, {&yes, "maybe", ""},
	}
	for _, tt := range tests {
		got, err := tt.setting.canonical(tt.value)
		if (err == nil) != (tt.want != "") || err == nil && got != tt.want {
			t.Errorf("kind %d %q: %q, %v; want %q", tt.setting.Kind, tt.value, got, err, tt.want)
		}
	}
	if d, err := parseLength("1.5m"); err != nil || d != 90*time.Second {
		t.Errorf("1.5m is %v, %v", d, err)
	}
}
