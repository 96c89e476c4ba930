package chaos

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"zeph/pkg/history"
	"zeph/pkg/scenario"
)

// The files of a run's folder. All that is in them with a time counts from the beginning of the workload.
const (
	scenarioFile = "scenario.yaml"
	historyFile  = "history.jsonl" // an Op a line, as they ended
	faultsFile   = "faults.jsonl"  // a Mark a line: what was done, before it was done, and what was taken back
	samplesFile  = "samples.jsonl" // a Sample a line: what was seen of the cluster, whenever that changed
	reportFile   = "report.json"
	textFile     = "report.txt"
	pictureFile  = "history.html"
	mapFile      = "map.json"
	logsFolder   = "logs"
)

// Op is an operation of a client, as history.jsonl has it.
type Op struct {
	Client   string        `json:"client"`
	Object   string        `json:"object"`
	Kind     string        `json:"kind"`
	Value    string        `json:"value,omitempty"`    // written, appended, or read
	Expected string        `json:"expected,omitempty"` // by a swap
	Outcome  string        `json:"outcome"`            // done, missing, differs, unknown, or nothing: it failed and changed nothing
	Error    string        `json:"error,omitempty"`
	Begin    time.Duration `json:"begin_ns"`
	End      time.Duration `json:"end_ns"` // also of those that are unknown: when the client gave up
}

// The outcomes of an Op that are no history.Outcome by another name.
const outcomeNothing = "nothing"

var outcomes = map[string]history.Outcome{"done": history.Done, "missing": history.Missing, "differs": history.Differs, "unknown": history.Unknown}

var kinds = map[string]history.Kind{
	"write": history.Write, "read": history.Read, "append": history.Append, "swap": history.Swap, "remove": history.Remove,
}

// operation is an Op for the judge; false: it belongs in no history.
func (o *Op) operation() (history.Operation, bool) {
	outcome, ok := outcomes[o.Outcome]
	return history.Operation{
		Client: o.Client, Object: o.Object, Kind: kinds[o.Kind], Value: o.Value, Expected: o.Expected,
		Outcome: outcome, Begin: o.Begin, End: o.End,
	}, ok
}

// Mark is something that was done, or taken back.
type Mark struct {
	At    time.Duration `json:"at_ns"`
	What  string        `json:"what"`            // do (from now on), undo (from now on), undone, say
	N     int           `json:"n,omitempty"`     // of the fault: its undo has the same
	Fault *Fault        `json:"fault,omitempty"` // do, undo
	Text  string        `json:"text,omitempty"`  // a step, an operator's command, what was waited for
	Ended bool          `json:"ended,omitempty"` // say: from here on nothing is broken any more on purpose
}

// Sample is what was seen of the cluster at an instant.
type Sample struct {
	At     time.Duration     `json:"at_ns"`
	Epoch  uint32            `json:"epoch"`
	Up     []int             `json:"up"`
	In     []int             `json:"in"`
	PGs    map[string]string `json:"pgs,omitempty"` // state, as the primary says; unknown: it does not run, or nobody knows
	Health []string          `json:"health,omitempty"`
	Leader string            `json:"leader,omitempty"` // of the monitors; none: nobody answers
}

// same reports whether two samples say the same, but for the time.
func (s *Sample) same(o *Sample) bool {
	a, b := *s, *o
	a.At, b.At = 0, 0
	x, _ := json.Marshal(a)
	y, _ := json.Marshal(b)
	return bytes.Equal(x, y)
}

// Facts are what a run found out beside its history.
type Facts struct {
	Scenario string        `json:"scenario"`
	Target   string        `json:"target"`
	Seed     uint64        `json:"seed"`
	Version  string        `json:"version,omitempty"`
	Began    time.Time     `json:"began"`
	Struck   time.Duration `json:"struck_ns"` // how long faults were on, from the beginning of the workload
	Mended   time.Duration `json:"mended_ns"` // all was taken back
	Clean    time.Duration `json:"clean_ns"`  // every PG was active+clean; 0: never
	Quiet    time.Duration `json:"quiet_ns"`  // the workload ended, all was read back
	Broken   []string      `json:"broken"`    // steps that failed, conditions that did not hold, what could not be healed
	Left     []string      `json:"left_out"`  // what this target or machine cannot do
	Scrubbed int           `json:"scrubbed"`  // PGs that were read whole in the end
	Unequal  []string      `json:"unequal"`   // what the scrubs found
}

// Report is report.json.
type Report struct {
	Facts   Facts    `json:"facts"`
	Verdict *Verdict `json:"verdict"`
}

// Record is all that a judge looks at.
type Record struct {
	Scenario *scenario.Scenario
	Facts    Facts
	Ops      []Op
	Marks    []Mark
	Samples  []Sample
}

// ReadRecord reads a run's folder, and what the verdict was.
func ReadRecord(folder string) (*Record, *Verdict, error) {
	text, err := os.ReadFile(filepath.Join(folder, scenarioFile))
	if err != nil {
		return nil, nil, fmt.Errorf("no run of a scenario: %w", err)
	}
	r := &Record{}
	if r.Scenario, err = scenario.Parse(filepath.Join(folder, scenarioFile), text); err != nil {
		return nil, nil, err
	}
	report, err := ReadReport(folder)
	if err != nil {
		return nil, nil, err
	}
	r.Facts = report.Facts
	if r.Ops, err = readLines[Op](filepath.Join(folder, historyFile)); err != nil {
		return nil, nil, err
	}
	if r.Marks, err = readLines[Mark](filepath.Join(folder, faultsFile)); err != nil {
		return nil, nil, err
	}
	if r.Samples, err = readLines[Sample](filepath.Join(folder, samplesFile)); err != nil {
		return nil, nil, err
	}
	for i := range r.Ops {
		if op := &r.Ops[i]; kinds[op.Kind] == 0 || outcomes[op.Outcome] == 0 && op.Outcome != outcomeNothing {
			return nil, nil, fmt.Errorf("%s:%d: kind %q, outcome %q: expected one of write, read, append, swap, remove and one of done, missing, differs, unknown, nothing",
				filepath.Join(folder, historyFile), i+1, op.Kind, op.Outcome)
		}
	}
	slices.SortStableFunc(r.Ops, func(a, b Op) int { return cmp.Compare(a.Begin, b.Begin) })
	return r, report.Verdict, nil
}

// ReadReport reads a run's report, without judging anything.
func ReadReport(folder string) (*Report, error) {
	text, err := os.ReadFile(filepath.Join(folder, reportFile))
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("%s: the run did not come to its end: %w", folder, err)
	}
	report := &Report{}
	if err == nil {
		err = json.Unmarshal(text, report)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", filepath.Join(folder, reportFile), err)
	}
	return report, nil
}

// readLines reads a file of JSON lines.
func readLines[T any](path string) ([]T, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var all []T
	dec := json.NewDecoder(bufio.NewReader(f))
	for {
		var one T
		switch err := dec.Decode(&one); {
		case errors.Is(err, io.EOF):
			return all, nil
		case err != nil:
			return nil, fmt.Errorf("%s: after line %d: %w", path, len(all), err)
		}
		all = append(all, one)
	}
}

// lines appends JSON lines to a file. Each is there for other processes once write has returned.
type lines struct {
	mu   sync.Mutex
	file *os.File
	err  error
}

func newLines(path string) (*lines, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY|os.O_APPEND, 0o644)
	return &lines{file: f}, err
}

func (l *lines) write(value any) {
	text, err := json.Marshal(value)
	l.mu.Lock()
	defer l.mu.Unlock()
	if err == nil {
		_, err = l.file.Write(append(text, '\n'))
	}
	l.err = errors.Join(l.err, err)
}

func (l *lines) close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return errors.Join(l.err, l.file.Close())
}

func writeJSON(path string, value any) error {
	text, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(text, '\n'), 0o644)
}
