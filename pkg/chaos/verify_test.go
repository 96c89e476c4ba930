package chaos

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// recorded is a run of a lab in which an OSD was killed, with what its clients were told.
const recorded = "testdata/kill-one"

// edited copies the recorded run, changes its history by hand, and judges it.
func edited(t *testing.T, edit func([]Op) []Op) *Verdict {
	t.Helper()
	folder := t.TempDir()
	if err := os.CopyFS(folder, os.DirFS(recorded)); err != nil {
		t.Fatal(err)
	}
	ops, err := readLines[Op](filepath.Join(folder, historyFile))
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	for _, op := range edit(ops) {
		line, err := json.Marshal(op)
		if err != nil {
			t.Fatal(err)
		}
		text.Write(append(line, '\n'))
	}
	if err := os.WriteFile(filepath.Join(folder, historyFile), []byte(text.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	report, err := Verify(folder)
	if err != nil {
		t.Fatal(err)
	}
	return report.Verdict
}

// wants demands that a judge complains, in certain words.
func wants(t *testing.T, v *Verdict, judge, text string) {
	t.Helper()
	if v.Result != Fail || !slices.ContainsFunc(v.Problems, func(p Problem) bool { return p.Judge == judge && strings.Contains(p.Text, text) }) {
		t.Errorf("%s: %+v: expected %s: … %s …", v.Result, v.Problems, judge, text)
	}
}

// find gives the last operation that is as wanted.
func find(t *testing.T, ops []Op, ok func(*Op) bool) *Op {
	t.Helper()
	for i := len(ops) - 1; i >= 0; i-- {
		if ok(&ops[i]) {
			return &ops[i]
		}
	}
	t.Fatal("the recorded run has no such operation")
	return nil
}

// lastRead is the last read of a register that gave a value which an acknowledged write had set.
func lastRead(t *testing.T, ops []Op) *Op {
	return find(t, ops, func(o *Op) bool {
		return strings.HasPrefix(o.Object, "reg.") && o.Kind == "read" && o.Outcome == "done"
	})
}

func TestHonestRunPasses(t *testing.T) {
	t.Parallel()
	v := edited(t, func(ops []Op) []Op { return ops })
	_, before, err := ReadRecord(recorded)
	if err != nil {
		t.Fatal(err)
	}
	if v.Result != Pass || v.Acked != before.Acked || v.Operations != before.Operations || len(v.Faults) != 1 {
		t.Errorf("%+v, the run itself said %+v", v, before)
	}
	f := v.Faults[0]
	if f.What != "kill osd.1" || f.Detect <= 0 || f.Detect > time.Second || f.Serve <= 0 || f.Heal <= 0 {
		t.Errorf("%+v", f)
	}
}

func TestEditedHistoriesFail(t *testing.T) {
	t.Parallel()
	t.Run("an acknowledged write is dropped", func(t *testing.T) {
		t.Parallel()
		v := edited(t, func(ops []Op) []Op {
			read := lastRead(t, ops)
			return slices.DeleteFunc(ops, func(o Op) bool { return o.Kind != "read" && o.Value == read.Value })
		})
		wants(t, v, "lost", "was never written")
		wants(t, v, "linearizable", "nobody wrote")
	})
	t.Run("two reads are swapped", func(t *testing.T) {
		t.Parallel()
		wants(t, edited(t, func(ops []Op) []Op {
			last := lastRead(t, ops)
			// An earlier one, of what was written before whatever last gave was begun.
			write := find(t, ops, func(o *Op) bool { return o.Object == last.Object && o.Kind != "read" && o.Value == last.Value })
			first := find(t, ops, func(o *Op) bool {
				return o.Object == last.Object && o.Kind == "read" && o.Outcome == "done" && o.End < write.Begin && o.Value != last.Value
			})
			first.Value, last.Value = last.Value, first.Value
			return ops
		}), "linearizable", "object reg.")
	})
	t.Run("an append is lost", func(t *testing.T) {
		t.Parallel()
		v := edited(t, func(ops []Op) []Op {
			last := find(t, ops, func(o *Op) bool { return o.Object == "log.0" && o.Kind == "read" })
			lost := splitValues(last.Value)[2]
			for i := range ops {
				if ops[i].Object == last.Object && ops[i].Kind == "read" {
					ops[i].Value = strings.Replace(ops[i].Value, lost, "", 1)
				}
			}
			return ops
		})
		wants(t, v, "lost", "is not there")
		wants(t, v, "linearizable", "log.0")
	})
	t.Run("an append happened twice", func(t *testing.T) {
		t.Parallel()
		wants(t, edited(t, func(ops []Op) []Op {
			last := find(t, ops, func(o *Op) bool { return o.Object == "log.0" && o.Kind == "read" })
			last.Value += splitValues(last.Value)[0]
			return ops
		}), "lost", "twice")
	})
	t.Run("what was deleted is there again", func(t *testing.T) {
		t.Parallel()
		wants(t, edited(t, func(ops []Op) []Op {
			// All that came after some deletion is forgotten, and then the value from before it is read.
			gone := find(t, ops, func(o *Op) bool { return o.Kind == "remove" && o.Outcome == "done" && o.Begin > 2*time.Second })
			was := find(t, ops, func(o *Op) bool {
				return o.Object == gone.Object && o.Kind == "write" && o.Outcome == "done" && o.End < gone.Begin
			})
			object, end, value := gone.Object, gone.End, was.Value
			ops = slices.DeleteFunc(ops, func(o Op) bool { return o.Object == object && o.End > end })
			return append(ops, Op{Client: "x", Object: object, Kind: "read", Outcome: "done", Value: value, Begin: end + time.Second, End: end + 2*time.Second})
		}), "returned", "is there again")
	})
	t.Run("nothing is there", func(t *testing.T) {
		t.Parallel()
		wants(t, edited(t, func(ops []Op) []Op {
			last := find(t, ops, func(o *Op) bool { return o.Object == "still.3" && o.Kind == "read" })
			last.Outcome, last.Value = "missing", ""
			return ops
		}), "lost", "nothing is there")
	})
	t.Run("bytes changed", func(t *testing.T) {
		t.Parallel()
		data := body("s.1;")
		data[len(data)-2] ^= 1
		wants(t, edited(t, func(ops []Op) []Op {
			lastRead(t, ops).Value = valueIn("reg.0", data)
			return ops
		}), "linearizable", "GARBLED")
	})
	t.Run("the last read fails", func(t *testing.T) {
		t.Parallel()
		wants(t, edited(t, func(ops []Op) []Op {
			last := find(t, ops, func(o *Op) bool { return o.Object == "still.3" && o.Kind == "read" })
			last.Outcome, last.Value, last.Error = outcomeNothing, "", "damaged"
			return ops
		}), "read back", "damaged")
	})
}

// A run in which too little was done shows nothing, whatever it looks like.
func TestTooFewOperationsDoNotCount(t *testing.T) {
	t.Parallel()
	record, _, err := ReadRecord(recorded)
	if err != nil {
		t.Fatal(err)
	}
	record.Facts.Struck *= 10
	if v := Judge(record); v.Result != Void || len(v.Void) != 1 {
		t.Errorf("%s: %+v %+v", v.Result, v.Void, v.Problems)
	}
}

// What is in no history counts as well.
func TestFactsCount(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, judge, text string
		edit              func(*Record)
	}{
		{"copies differ", "copies", "reg.1", func(r *Record) { r.Facts.Unequal = []string{"pg 1.3: reg.1, osd.2: checksum"} }},
		{"not all were compared", "copies", "7 of 8", func(r *Record) { r.Facts.Scrubbed = 7 }},
		{"a step failed", "steps", "not within", func(r *Record) { r.Facts.Broken = []string{"step 1: not within 5s"} }},
		{"too slow", "expected", "healthy within 30s", func(r *Record) { r.Facts.Clean = r.Facts.Mended + time.Minute }},
		{"never clean", "expected", "never", func(r *Record) { r.Facts.Clean = 0 }},
		{"nobody touched osd.2", "failure reports", "osd.2 was marked down", func(r *Record) {
			last := r.Samples[len(r.Samples)-1]
			last.At, last.Up = last.At+10*time.Second, []int{0, 1}
			r.Samples = append(r.Samples, last)
		}},
	} {
		record, _, err := ReadRecord(recorded)
		if err != nil {
			t.Fatal(err)
		}
		c.edit(record)
		t.Run(c.name, func(t *testing.T) { wants(t, Judge(record), c.judge, c.text) })
	}
}

func TestFoldersThatAreNoRuns(t *testing.T) {
	t.Parallel()
	spoilt := func(file, text string) string {
		folder := t.TempDir()
		if err := os.CopyFS(folder, os.DirFS(recorded)); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, file), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return folder
	}
	unfinished := spoilt(mapFile, "{}")
	if err := os.Remove(filepath.Join(unfinished, reportFile)); err != nil {
		t.Fatal(err)
	}
	for folder, want := range map[string]string{
		t.TempDir(): "no run of a scenario",
		unfinished:  "did not come to its end",
		spoilt(historyFile, `{"client":"a","object":"reg.0","kind":"wrote","outcome":"done"}`):                           `history.jsonl:1: kind "wrote"`,
		spoilt(faultsFile, "{\"at_ns\":1,\"what\":\"say\"}\n{"):                                                          "faults.jsonl: after line 1",
		spoilt(scenarioFile, "cluster: {mons: 2}"):                                                                       "2 monitors: expected an odd number",
		spoilt(historyFile, `{"client":"a","object":"reg.0","kind":"read","outcome":"perhaps","begin_ns":1,"end_ns":2}`): `outcome "perhaps"`,
	} {
		if _, err := Verify(folder); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: expected %q", err, want)
		}
	}
}

// The picture has the faults on it.
func TestPicture(t *testing.T) {
	t.Parallel()
	record, _, err := ReadRecord(recorded)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), pictureFile)
	if err := record.picture(path); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"Tag":"osd.1"`, `"Description":"kill"`, "reg.0 read"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("%d bytes without %s", len(text), want)
		}
	}
}

func TestTable(t *testing.T) {
	t.Parallel()
	run := func(name string, result Result, problem string, detect time.Duration) *Report {
		v := &Verdict{Result: result, Operations: 100, Heal: 3 * time.Second, Faults: []Felt{{Detect: detect, Serve: time.Second}}}
		if problem != "" {
			v.Problems = []Problem{{problem, ""}}
		}
		return &Report{Facts: Facts{Scenario: name}, Verdict: v}
	}
	rows := Table([]*Report{
		run("b", Pass, "", 1), run("a", Fail, "lost", never), run("a", Pass, "", 5), run("a", Fail, "expected", 7), run("a", Void, "", 9),
	})
	got := fmt.Sprint(rows)
	if want := "[{a 4 1 1 1 1 400 7ns 1s 3s} {b 1 1 0 0 0 100 1ns 1s 3s}]"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
