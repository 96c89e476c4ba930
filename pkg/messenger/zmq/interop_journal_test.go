package zmq_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"
)

// eventually is how long a test waits for what must happen.
const eventually = 20 * time.Second

// journal is what happened to one side of a conversation, in order and a line each.
type journal struct {
	mu      sync.Mutex
	lines   []string
	read    int           // lines that a test has waited for, or passed over
	changed chan struct{} // closed at the next line
	print   bool
}

func newJournal() *journal { return &journal{changed: make(chan struct{})} }

func (j *journal) add(format string, args ...any) {
	j.mu.Lock()
	defer j.mu.Unlock()
	line := fmt.Sprintf(format, args...)
	j.lines = append(j.lines, line)
	if j.print {
		fmt.Println(line)
	}
	close(j.changed)
	j.changed = make(chan struct{})
}

// await waits for a line that begins so, passes over those before it, and returns the rest of it.
func (j *journal) await(t testing.TB, begin string) string {
	t.Helper()
	deadline := time.NewTimer(eventually)
	defer deadline.Stop()
	for {
		rest, ok, changed := j.find(begin)
		if ok {
			return rest
		}
		select {
		case <-changed:
		case <-deadline.C:
			t.Fatalf("no %q in %v. What happened:\n%v", begin, eventually, j)
		}
	}
}

func (j *journal) find(begin string) (rest string, ok bool, changed <-chan struct{}) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for i, line := range j.lines[j.read:] {
		if rest, ok := strings.CutPrefix(line, begin); ok {
			j.read += i + 1
			return strings.TrimSpace(rest), true, nil
		}
	}
	return "", false, j.changed
}

// until waits until a condition holds.
func until(t testing.TB, what string, holds func() bool) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(eventually); !holds(); <-tick.C {
		if time.Now().After(end) {
			t.Fatalf("not in %v: %s", eventually, what)
		}
	}
}

// insist does something again and again until there is a line that begins so.
func (j *journal) insist(t testing.TB, begin string, do func()) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(eventually); len(j.all(begin)) == 0; <-tick.C {
		if time.Now().After(end) {
			t.Fatalf("no %q in %v. What happened:\n%v", begin, eventually, j)
		}
		do()
	}
}

// all are the lines so far that begin so.
func (j *journal) all(begin string) (found []string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, line := range j.lines {
		if strings.HasPrefix(line, begin) {
			found = append(found, line)
		}
	}
	return found
}

// never fails the test if there is a line that begins so.
func (j *journal) never(t testing.TB, begin string) {
	t.Helper()
	if found := j.all(begin); found != nil {
		t.Errorf("%d times %q. What happened:\n%v", len(found), begin, j)
	}
}

func (j *journal) String() string { return "\t" + strings.Join(j.all(""), "\n\t") }
