package main

// aim is something that Zeph's messenger is meant to reach, held against what was measured.
type aim struct {
	text     string
	want     float64
	atMost   bool // otherwise at least
	measured float64
	ok       bool // whether it was measured
}

func (a aim) verdict() string {
	switch {
	case !a.ok:
		return "not measured"
	case a.atMost && a.measured <= a.want, !a.atMost && a.measured >= a.want:
		return "met"
	}
	return "not met"
}

const (
	kib4 = 4 << 10
	mib4 = 4 << 20
)

// aims are those of the messenger, in the order of its issue.
func (r *report) aims() []aim {
	return []aim{
		r.times("share of bare TCP, 4 KiB, 64 in flight", "raw", kib4, 64, 0.6),
		r.times("share of bare TCP, 4 MiB, 16 in flight", "raw", mib4, 16, 0.9),
		r.times("times stock zmq4, 0 B, 64 in flight", "stock", 0, 64, 5),
		r.times("times stock zmq4, 4 KiB, 64 in flight", "stock", kib4, 64, 5),
		r.latency("p50 against bare TCP, 0 B, 1 in flight", 3),
		r.times("times gRPC, 4 KiB, 64 in flight", "grpc", kib4, 64, 3),
		r.heartbeats("p99 of a heartbeat beside 4 MiB calls, ms", 10),
		r.allocations("allocations a message, 4 KiB, 64 in flight", 2),
		r.inproc("inproc calls in a second", 1e6),
		r.restarts("worst ms until an answer after a restart", 100),
		r.continues("worst ms until an answer after SIGCONT", 50),
	}
}

// times is how many times as many operations Zeph does as another.
func (r *report) times(text, than string, size, window int, want float64) aim {
	zeph, ok := r.find("zeph", "call", size, window)
	other, also := r.find(than, "call", size, window)
	if !ok || !also || other.Ops == 0 {
		return aim{text: text, want: want}
	}
	return aim{text: text, want: want, measured: zeph.Ops / other.Ops, ok: true}
}

func (r *report) latency(text string, want float64) aim {
	a := aim{text: text, want: want, atMost: true}
	zeph, ok := r.find("zeph", "call", 0, 1)
	bare, also := r.find("raw", "call", 0, 1)
	if a.ok = ok && also && bare.P50 > 0; a.ok {
		a.measured = zeph.P50 / bare.P50
	}
	return a
}

// allocations are of a message: a call is two, one that goes and one that comes.
func (r *report) allocations(text string, want float64) aim {
	a := aim{text: text, want: want, atMost: true}
	if call, ok := r.find("zeph", "call", kib4, 64); ok && call.Allocs >= 0 {
		a.measured, a.ok = call.Allocs/2, true
	}
	return a
}

func (r *report) heartbeats(text string, want float64) aim {
	a := aim{text: text, want: want, atMost: true, ok: r.Heartbeat != nil}
	if a.ok {
		a.measured = r.Heartbeat.P99
	}
	return a
}

func (r *report) inproc(text string, want float64) aim {
	a := aim{text: text, want: want, ok: len(r.Inproc) > 0}
	for _, c := range r.Inproc {
		a.measured = max(a.measured, c.Ops)
	}
	return a
}

func (r *report) restarts(text string, want float64) aim {
	a := aim{text: text, want: want, atMost: true, ok: r.Recovery != nil}
	if a.ok {
		a.measured = r.Recovery.RestartWorst
	}
	return a
}

func (r *report) continues(text string, want float64) aim {
	a := aim{text: text, want: want, atMost: true, ok: r.Recovery != nil}
	if a.ok {
		a.measured = r.Recovery.ContWorst
	}
	return a
}

func aimsGrid(aims []aim) grid {
	g := grid{title: "Aims", words: 1, head: []string{"", "aim", "measured", ""}}
	for _, a := range aims {
		bound, measured := "≥ ", "-"
		if a.atMost {
			bound = "≤ "
		}
		if a.ok {
			measured = perSecond(a.measured)
		}
		g.rows = append(g.rows, []string{a.text, bound + perSecond(a.want), measured, a.verdict()})
	}
	return g
}
