package main

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// example has results for most aims: some met, some not, some not measured.
func example() *report {
	cell := func(variant, kind string, size, window int, ops, p50, allocs float64) result {
		return result{Variant: variant, Kind: kind, Size: size, Window: window, Ops: ops, P50: p50, P99: 3 * p50,
			CPU: 2.5, Allocs: allocs, ClientPeak: 12, ServerPeak: 13.25, Rounds: 5}
	}
	return &report{
		Command: "go run ./messenger", Machine: "a machine & more", Method: "medians",
		Variants: []about{{"raw", "bare TCP"}, {"zeph", "ours"}},
		Results: []result{
			cell("raw", "call", 0, 1, 50e3, 10, 0), cell("zeph", "call", 0, 1, 20e3, 25, 1),
			cell("raw", "call", kib4, 64, 500e3, 80, 0), cell("libzmq", "call", kib4, 64, 150e3, 90, -1),
			cell("zeph", "call", kib4, 64, 250e3, 150, 5), cell("grpc", "call", kib4, 64, 80e3, 400, 20),
			cell("raw", "oneway", mib4, 1, 1e3, 0, 0), cell("zeph", "oneway", mib4, 1, 2e3, 0, 1),
		},
		Inproc:    []result{cell("zeph", "call", 0, 64, 900e3, 60, 2), cell("zeph", "call", 0, 256, 1.1e6, 200, 2)},
		Heartbeat: &heartbeat{Pings: 50, P50: 0.7, P99: 12, BulkBytes: 2200},
		Recovery:  &recovery{Restarts: 50, RestartP50: 20, RestartWorst: 100, Stops: 10, ContP50: 2, ContWorst: 4},
	}
}

func TestAims(t *testing.T) {
	want := map[string]string{
		"share of bare TCP, 4 KiB, 64 in flight":     "not met",
		"share of bare TCP, 4 MiB, 16 in flight":     "not measured",
		"times stock zmq4, 0 B, 64 in flight":        "not measured",
		"times stock zmq4, 4 KiB, 64 in flight":      "not measured",
		"p50 against bare TCP, 0 B, 1 in flight":     "met",
		"times gRPC, 4 KiB, 64 in flight":            "met",
		"p99 of a heartbeat beside 4 MiB calls, ms":  "not met",
		"allocations a message, 4 KiB, 64 in flight": "not met",
		"inproc calls in a second":                   "met",
		"worst ms until an answer after a restart":   "met",
		"worst ms until an answer after SIGCONT":     "met",
	}
	aims := example().aims()
	for _, a := range aims {
		if a.verdict() != want[a.text] {
			t.Errorf("%s: %v, which is %s, expected %s", a.text, a.measured, a.verdict(), want[a.text])
		}
	}
	if len(aims) != len(want) {
		t.Errorf("%d aims, expected %d", len(aims), len(want))
	}
	for _, a := range new(report).aims() {
		if a.verdict() != "not measured" {
			t.Errorf("of an empty report: %s: %s", a.text, a.verdict())
		}
	}
}

var update = flag.Bool("update", false, "rewrite the files in testdata")

// TestShow compares with the files in testdata, which show what a person gets.
func TestShow(t *testing.T) {
	for _, format := range []string{"text", "markdown"} {
		var got bytes.Buffer
		if err := show(&got, example(), format); err != nil {
			t.Fatal(err)
		}
		file := filepath.Join("testdata", "report."+format)
		if *update {
			if err := os.WriteFile(file, got.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if got.String() != string(want) {
			t.Errorf("%s: got\n%s", file, got.String())
		}
	}
}

func TestJSONComesBack(t *testing.T) {
	var b bytes.Buffer
	if err := show(&b, example(), "json"); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "report.json")
	if err := os.WriteFile(file, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := readReport(file)
	if err != nil {
		t.Fatal(err)
	}
	again, _ := json.MarshalIndent(r, "", "  ")
	if string(again)+"\n" != b.String() {
		t.Errorf("came back as\n%s", again)
	}
}

func TestPlot(t *testing.T) {
	var b bytes.Buffer
	if err := example().plot(&b); err != nil {
		t.Fatal(err)
	}
	svg := b.String()
	for dec := xml.NewDecoder(&b); ; {
		if _, err := dec.Token(); err == io.EOF {
			break
		} else if err != nil {
			t.Fatalf("not XML: %v", err)
		}
	}
	for _, part := range []string{">50</text>", ">200</text>", "one way", "64 in flight", "zeph, 4 KiB, 64 in flight: 250 k/s, 50 % of raw", "a machine &amp; more"} {
		if !strings.Contains(svg, part) {
			t.Errorf("%q is missing in\n%s", part, svg)
		}
	}
	if err := new(report).plot(io.Discard); err == nil {
		t.Error("a plot of nothing")
	}
}

func TestSummarize(t *testing.T) {
	l := load{size: kib4, window: 64}
	all := map[key][]reading{{"raw", l}: {{ops: 30, p50: 1}, {ops: 10, p50: 9}, {ops: 20, p50: 2}}}
	got := summarize(all, []load{l, {}}, variants)
	if len(got) != 1 {
		t.Fatalf("%d results", len(got))
	}
	if r := got[0]; r.Ops != 20 || r.P50 != 2 || r.Least != 10 || r.Most != 30 || r.Rounds != 3 {
		t.Errorf("%+v", r)
	}
	if m := median([]float64{4, 1, 3, 2}); m != 2.5 {
		t.Errorf("median of four: %v", m)
	}
}

func TestNewReading(t *testing.T) {
	r, err := newReading(sample{Ops: 100, Time: int64(time.Second / 2), P50: 1500, Usage: usage{300, 50, 2048}}, usage{100, 150, 1024})
	if err != nil {
		t.Fatal(err)
	}
	if want := (reading{ops: 200, p50: 1.5, cpu: 4, allocs: 2, clientPeak: 2, serverPeak: 1}); r != want {
		t.Errorf("%+v, expected %+v", r, want)
	}
	if r, _ = newReading(sample{Ops: 1, Time: 1, Usage: usage{0, -1, 0}}, usage{0, -1, 0}); r.allocs >= 0 {
		t.Errorf("allocations that nobody counted: %v", r.allocs)
	}
	if _, err := newReading(sample{Time: 1}, usage{}); err == nil {
		t.Error("a rate of nothing")
	}
}

func TestNumbers(t *testing.T) {
	for n, want := range map[float64]string{0: "0.00", 9.994: "9.99", 9.996: "10.0", 99.96: "100", 999.4: "999", 999.6: "1.00 k", 1e6: "1.00 M", 12345: "12.3 k", 999600: "1.00 M"} {
		if got := perSecond(n); got != want {
			t.Errorf("%v: %s, expected %s", n, got, want)
		}
	}
}
