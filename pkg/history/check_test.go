package history

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// parse reads "begin end client kind args: outcome" lines; end - is unknown.
func parse(t *testing.T, text string) []Operation {
	t.Helper()
	var ops []Operation
	for line := range strings.Lines(strings.TrimSpace(text)) {
		f := strings.Fields(line)
		var begin, end int
		fmt.Sscan(f[0], &begin)
		op := Operation{Client: f[2], Object: "x", Outcome: Done, Begin: time.Duration(begin)}
		if f[1] == "-" {
			op.Outcome = Unknown
		} else {
			fmt.Sscan(f[1], &end)
			op.End = time.Duration(end)
		}
		for k, name := range kindNames {
			if name == f[3] {
				op.Kind = Kind(k)
			}
		}
		rest := f[4:]
		if op.Kind == Swap {
			op.Expected, op.Value, rest = rest[0], rest[1], rest[2:]
		} else if len(rest) > 0 && op.Kind != Remove && rest[0] != "missing" {
			op.Value, rest = rest[0], rest[1:]
		}
		if len(rest) > 0 {
			op.Outcome = map[string]Outcome{"missing": Missing, "differs": Differs}[rest[0]]
		}
		ops = append(ops, op)
	}
	return ops
}

func TestCheck(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, history, why string }{
		{"a read after a write", "1 2 a write v\n3 4 b read v", ""},
		{"a read beside a write sees either", "1 2 a write v\n3 9 a write w\n4 5 b read v\n6 7 b read w", ""},
		{"not new, then old", "1 2 a write v\n3 9 a write w\n4 5 b read w\n6 7 b read v", "no order"},
		{"a stale read", "1 2 a write v\n3 4 a write w\n5 6 b read v", "an old value"},
		{"a lost write", "1 2 a write v\n3 4 b read missing", "no such object"},
		{"an unknown write may happen late", "1 - a write v\n2 3 b read missing\n4 5 b read v", ""},
		{"or never", "1 - a write v\n2 3 b read missing\n4 5 b read missing", ""},
		{"but not be undone", "1 - a write v\n2 3 b read v\n4 5 b read missing", "no such object"},
		{"nobody wrote it", "1 2 a write v\n3 4 b read z", "nobody wrote"},
		{"appended twice", "1 2 a append p;\n3 4 b read p;p;", "2 times"},
		{"an append lost", "1 2 a append p;\n3 4 a append q;\n5 6 b read p;", "not in what was read"},
		{"appends in any order", "1 9 a append p;\n1 9 b append q;\n10 11 c read q;p;", ""},
		{"a swap", "1 2 a write v\n3 4 b swap v w\n5 6 c read w", ""},
		{"two swaps of one value", "1 2 a write v\n3 9 b swap v w\n3 9 c swap v u", "swap ended"},
		{"a swap that differs rightly", "1 2 a write v\n3 4 b swap u w differs", ""},
		{"a swap that differs wrongly", "1 2 a write v\n3 4 b swap v w differs", "swap ended"},
		{"a swap refused by a write that never was", "1 - a write v\n2 3 b swap u w differs\n4 5 b read missing", "read ended"},
		{"a swap of nothing", "3 4 b swap v w missing", ""},
		{"removed", "1 2 a write v\n3 4 a remove\n5 6 b read missing\n7 8 b remove missing", ""},
		{"removed twice", "1 2 a write v\n3 4 a remove\n5 6 b remove", "remove ended"},
	} {
		v := Check(parse(t, c.history), 0)
		switch {
		case c.why == "" && !v.OK():
			t.Errorf("%s: refused: %v", c.name, &v.Violations[0])
		case c.why != "" && v.OK():
			t.Errorf("%s: passed", c.name)
		case c.why != "" && !strings.Contains(v.Violations[0].String(), c.why):
			t.Errorf("%s: %v: expected %q", c.name, &v.Violations[0], c.why)
		}
	}
}

// honest is a long history that happened: clients take turns and know what they did.
func honest(n int) []Operation {
	var ops []Operation
	value := make(map[string]string)
	for i := range n {
		op := Operation{Client: fmt.Sprint("c", i%5), Object: fmt.Sprint("o", i%7), Outcome: Done,
			Begin: time.Duration(10 * i), End: time.Duration(10*i + 15)}
		op.Kind = []Kind{Write, Read, Append, Read}[i/7%4]
		switch op.Kind {
		case Write:
			op.Value = fmt.Sprint("w", i, ";")
			value[op.Object] = op.Value
		case Append:
			op.Value = fmt.Sprint("a", i, ";")
			value[op.Object] += op.Value
		case Read:
			op.Value = value[op.Object]
		}
		ops = append(ops, op)
	}
	return ops
}

// A judge that lets an edited history pass is none.
func TestEditedHistoriesFail(t *testing.T) {
	t.Parallel()
	const n = 700
	if v := Check(honest(n), 0); !v.OK() {
		t.Fatalf("the honest history: %v", &v.Violations[0])
	}
	edited := 0
	for i := 35; i < n; i++ {
		ops := honest(n)
		op := &ops[i]
		if op.Kind != Read {
			continue
		}
		switch i % 3 {
		case 0: // the value before the last change
			op.Value = ops[i-28].Value
		case 1:
			op.Value += "x"
		case 2:
			op.Outcome = Missing
		}
		edited++
		if v := Check(ops, 0); v.OK() {
			t.Errorf("edit of operation %d passed: %v", i, op)
		}
	}
	if edited < 100 {
		t.Errorf("only %d edits were tried", edited)
	}
}
