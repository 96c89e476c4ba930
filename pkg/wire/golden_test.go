package wire

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "add what is new to testdata/*.txt")

// What was given out once stays: these files have every number that was, and what it means.
// -update adds lines and takes none away.
func TestNumbersKeepTheirMeaning(t *testing.T) {
	t.Parallel()
	for name, now := range map[string][]string{
		"types.txt":  typeLines(),
		"codes.txt":  codeLines(),
		"steps.txt":  stepLines(),
		"fields.txt": fieldLines(),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join("testdata", name)
			text, err := os.ReadFile(path)
			if err != nil && !*update {
				t.Fatal(err)
			}
			given := strings.FieldsFunc(string(text), func(r rune) bool { return r == '\n' })
			for _, line := range given {
				if !slices.Contains(now, line) {
					t.Errorf("%s was given out and is no more", line)
				}
			}
			if !t.Failed() && *update {
				given = now
				if err := os.WriteFile(path, []byte(strings.Join(now, "\n")+"\n"), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			for _, line := range now {
				if !slices.Contains(given, line) {
					t.Errorf("%s is new: run with -update", line)
				}
			}
		})
	}
}

func typeLines() (lines []string) {
	for t := range Type(len(types)) {
		if t.Known() {
			request, reply := "-", "-"
			if types[t].request != nil {
				request = nameOf(t.NewBody(0))
			}
			if types[t].reply != nil {
				reply = nameOf(t.NewBody(Reply))
			}
			lines = append(lines, fmt.Sprintf("%d %v: %s %s", t, t, request, reply))
		}
	}
	return lines
}

func codeLines() (lines []string) {
	for c := range Code(len(codes)) {
		if c.Known() {
			lines = append(lines, fmt.Sprintf("%d %v: %v", uint16(c), c, c.Outcome()))
		}
	}
	return lines
}

func stepLines() (lines []string) {
	for op := range StepOp(len(stepOps)) {
		if op.Known() {
			lines = append(lines, fmt.Sprintf("%d %v: %#x", uint8(op), op, uint8(op.Uses())))
		}
	}
	return lines
}

// fieldLines has a line for each key of each struct that is part of a body.
func fieldLines() (lines []string) {
	seen := make(map[reflect.Type]bool)
	var visit func(t reflect.Type)
	visit = func(t reflect.Type) {
		if t.Kind() == reflect.Slice {
			t = t.Elem()
		}
		if t.Kind() != reflect.Struct || seen[t] {
			return
		}
		seen[t] = true
		for _, f := range reflect.VisibleFields(t) {
			if key, _, _ := strings.Cut(f.Tag.Get("cbor"), ","); key != "" {
				lines = append(lines, fmt.Sprintf("%s %s: %s %v", t.Name(), key, f.Name, f.Type))
				visit(f.Type)
			}
		}
	}
	for _, body := range bodies() {
		visit(reflect.TypeOf(body).Elem())
	}
	return lines
}
