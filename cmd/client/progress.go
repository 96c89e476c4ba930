package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"sync/atomic"
	"time"

	"github.com/cheggaaa/pb/v3"
)

// jsonResult is a result for programs only.
type jsonResult struct{ value any }

func (r jsonResult) MarshalJSON() ([]byte, error) { return json.Marshal(r.value) }

func (r jsonResult) text(w *bufio.Writer) {
	text, err := json.Marshal(r.value)
	if err == nil {
		w.Write(text)
		w.WriteByte('\n')
	}
}

// progress shows how far a transfer is: a bar with rate and time left, on a terminal only.
type progress struct {
	bar   *pb.ProgressBar // nil: nobody watches
	begun time.Time
	bytes atomic.Int64
}

// The line's form: what, how much of how much, how fast, how long it will take; or, where nobody knows how much there
// is, how long it has taken.
const (
	progressLine = `{{string . "prefix"}} {{bar . "[" "=" ">" " " "]"}} {{counters . }} {{speed . "%s/s" "…"}} {{rtime . "%s left" "%s" ""}}`
	endlessLine  = `{{string . "prefix"}} {{counters . }} {{speed . "%s/s" "…"}} {{etime .}}`
)

// progress begins to show a transfer of so many bytes; -1: nobody knows how many.
func (a *app) progress(what string, total int64) *progress {
	p := &progress{begun: time.Now()}
	out := io.Writer(a.stderr)
	if w, ok := out.(plainWriter); ok {
		out = w.Writer // the bar moves the cursor
	}
	if !isTerminal(out) || total == 0 {
		return p
	}
	line := progressLine
	if total < 0 {
		line = endlessLine
	}
	p.bar = pb.ProgressBarTemplate(line).New(0).SetTotal(max(total, 0)).SetWriter(out).
		SetRefreshRate(100*time.Millisecond).SetMaxWidth(100).
		Set(pb.Bytes, true).Set(pb.Terminal, true).Set(pb.CleanOnFinish, true).Set("prefix", oneLine(what)).Start()
	return p
}

// add counts bytes. Any goroutine may.
func (p *progress) add(n int) {
	p.bytes.Add(int64(n))
	if p.bar != nil {
		p.bar.Add(n)
	}
}

// end takes the bar away.
func (p *progress) end() {
	if p.bar != nil {
		p.bar.Finish()
	}
}

func rateText(bytes uint64, took time.Duration) string {
	return sizeText(uint64(float64(bytes)/max(took.Seconds(), 1e-6))) + "/s"
}

func tookText(d time.Duration) string {
	switch {
	case d < 10*time.Millisecond:
		return fmt.Sprintf("%.1f ms", float64(d.Microseconds())/1000)
	case d < time.Second:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	case d < 100*time.Second:
		return fmt.Sprintf("%.1f s", d.Seconds())
	}
	return d.Round(time.Second).String()
}

// counted counts what is written through it.
type counted struct {
	io.Writer
	p *progress
}

func (c counted) Write(b []byte) (int, error) {
	n, err := c.Writer.Write(b)
	c.p.add(n)
	return n, err
}
