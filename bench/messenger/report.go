package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
)

// report is what a run found.
type report struct {
	Command   string     `json:"command"`
	Machine   string     `json:"machine"`
	Method    string     `json:"method"`
	Variants  []about    `json:"variants"`
	Results   []result   `json:"results"`
	Heartbeat *heartbeat `json:"heartbeat,omitempty"`
	Inproc    []result   `json:"inproc,omitempty"`
	Recovery  *recovery  `json:"recovery,omitempty"`
}

type about struct {
	Name  string `json:"name"`
	About string `json:"about"`
}

// result is one cell of the table: medians over the rounds.
type result struct {
	Variant    string  `json:"variant"`
	Kind       string  `json:"kind"` // call, oneway
	Size       int     `json:"size"`
	Window     int     `json:"window"`
	Ops        float64 `json:"ops"`        // in a second
	P50        float64 `json:"p50_us"`     // 0 for one way
	P99        float64 `json:"p99_us"`     // 0 for one way
	CPU        float64 `json:"cpu_us"`     // for an operation, both processes
	Allocs     float64 `json:"allocs"`     // for an operation, both processes; negative: not counted
	ClientPeak float64 `json:"client_mib"` // of resident memory
	ServerPeak float64 `json:"server_mib"` // of resident memory
	Rounds     int     `json:"rounds"`     // that were measured
	Least      float64 `json:"least_ops"`  // in a second, of all rounds
	Most       float64 `json:"most_ops"`   // in a second, of all rounds
}

// heartbeat says how long pings took beside 4 MiB calls that saturate the connection of another class.
type heartbeat struct {
	Pings     int     `json:"pings"`
	P50       float64 `json:"p50_ms"`
	P99       float64 `json:"p99_ms"`
	BulkBytes float64 `json:"bulk_mb_per_s"` // in millions
}

// recovery says how long until calls are answered again, in milliseconds.
type recovery struct {
	Restarts     int     `json:"restarts"`
	RestartP50   float64 `json:"restart_median_ms"` // from when the new server listens
	RestartWorst float64 `json:"restart_worst_ms"`
	Stops        int     `json:"stops"`
	ContP50      float64 `json:"cont_median_ms"` // from SIGCONT
	ContWorst    float64 `json:"cont_worst_ms"`
}

// summarize takes medians, in the order of the loads, then of the variants.
func summarize(all map[key][]reading, loads []load, vs []*variant) []result {
	var results []result
	for _, l := range loads {
		for _, v := range vs {
			if rs := all[key{v.name, l}]; len(rs) > 0 {
				results = append(results, newResult(v.name, l, rs))
			}
		}
	}
	return results
}

func newResult(name string, l load, rs []reading) result {
	of := func(field func(reading) float64) float64 {
		values := make([]float64, 0, len(rs))
		for _, r := range rs {
			values = append(values, field(r))
		}
		return median(values)
	}
	ops := func(a, b reading) int { return cmp.Compare(a.ops, b.ops) }
	return result{
		Variant: name, Kind: l.kind(), Size: l.size, Window: l.window, Rounds: len(rs),
		Ops:        of(func(r reading) float64 { return r.ops }),
		P50:        of(func(r reading) float64 { return r.p50 }),
		P99:        of(func(r reading) float64 { return r.p99 }),
		CPU:        of(func(r reading) float64 { return r.cpu }),
		Allocs:     of(func(r reading) float64 { return r.allocs }),
		ClientPeak: of(func(r reading) float64 { return r.clientPeak }),
		ServerPeak: of(func(r reading) float64 { return r.serverPeak }),
		Least:      slices.MinFunc(rs, ops).ops,
		Most:       slices.MaxFunc(rs, ops).ops,
	}
}

// median is the middle value, or the mean of the two in the middle; 0 if there are none.
func median(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	v := slices.Sorted(slices.Values(values))
	n := len(v)
	return (v[(n-1)/2] + v[n/2]) / 2
}

// find is the result of a cell.
func (r *report) find(variant, kind string, size, window int) (result, bool) {
	i := slices.IndexFunc(r.Results, func(c result) bool {
		return c.Variant == variant && c.Kind == kind && c.Size == size && c.Window == window
	})
	if i < 0 {
		return result{}, false
	}
	return r.Results[i], true
}

func newReport(o options, args []string, vs []*variant) *report {
	r := &report{
		Command: command(args),
		Machine: machine(),
		Method: fmt.Sprintf("medians of %d rounds, each %v after %v of warming up, two new processes for each measurement, loopback",
			o.rounds, o.cell, o.warm),
	}
	for _, v := range vs {
		r.Variants = append(r.Variants, about{v.name, v.about})
	}
	return r
}

func command(args []string) string {
	if len(args) == 0 {
		return "make bench-messenger"
	}
	return fmt.Sprintf("make bench-messenger ARGS=%q", strings.Join(args, " "))
}

func readReport(file string) (*report, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var r report
	if err := json.Unmarshal(b, &r); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return &r, nil
}

// machine is what the numbers depend on most.
func machine() string {
	s := fmt.Sprintf("%d CPUs, %s/%s, %s", runtime.NumCPU(), runtime.GOOS, runtime.GOARCH, runtime.Version())
	if info, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		_, rest, _ := strings.Cut(string(info), "model name")
		line, _, _ := strings.Cut(rest, "\n")
		if model := strings.Trim(line, "\t :"); model != "" {
			s = model + ", " + s
		}
	}
	if release, err := os.ReadFile("/proc/sys/kernel/osrelease"); err == nil {
		s += ", Linux " + strings.TrimSpace(string(release))
	}
	return s + versions()
}

// versions are those of the libraries that are measured.
func versions() string {
	info, _ := debug.ReadBuildInfo()
	if info == nil {
		return ""
	}
	var s string
	for _, dep := range info.Deps {
		if dep.Path == "google.golang.org/grpc" || dep.Path == "github.com/go-zeromq/zmq4" {
			s += ", " + dep.Path[strings.LastIndex(dep.Path, "/")+1:] + " " + dep.Version
		}
	}
	return s
}
