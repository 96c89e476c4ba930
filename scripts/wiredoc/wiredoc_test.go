package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"zeph/pkg/wire"
)

const root = "../.."

func readPage(t *testing.T) []byte {
	t.Helper()
	page, err := os.ReadFile(filepath.Join(root, "docs", "wire.md"))
	if err != nil {
		t.Fatal(err)
	}
	return page
}

// TestPageIsUpToDate fails when package wire changed and docs/wire.md did not.
func TestPageIsUpToDate(t *testing.T) {
	t.Parallel()
	page := readPage(t)
	now, err := generate(root, page)
	if err != nil {
		t.Fatal(err)
	}
	had, has := strings.Split(string(page), "\n"), strings.Split(string(now), "\n")
	for i := range min(len(had), len(has)) {
		if had[i] != has[i] {
			t.Fatalf("docs/wire.md line %d is\n%s\nand would be\n%s\nrun go generate ./pkg/wire", i+1, had[i], has[i])
		}
	}
	if len(had) != len(has) {
		t.Fatal("docs/wire.md has another length than it would have: run go generate ./pkg/wire")
	}
}

func TestSectionsAreThereOnce(t *testing.T) {
	t.Parallel()
	page := readPage(t)
	for name, broken := range map[string][]byte{
		"lacking": bytes.Replace(page, []byte("<!-- generated: codes -->"), nil, 1),
		"twice":   append(bytes.Clone(page), "\n<!-- generated: codes -->\n<!-- end -->\n"...),
		"unknown": append(bytes.Clone(page), "\n<!-- generated: weather -->\n<!-- end -->\n"...),
	} {
		if _, err := generate(root, broken); err == nil {
			t.Errorf("a page with a section %s is taken", name)
		}
	}
}

// TestEverythingIsExplained: nobody reads a table whose meanings are missing.
func TestEverythingIsExplained(t *testing.T) {
	t.Parallel()
	src, err := readSource(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, typ := range []string{"Mode", "Flags", "Need", "Kind", "Type", "Code", "Outcome", "StepOp", "Ack"} {
		if len(src.consts[typ]) == 0 {
			t.Errorf("there are no constants of type %s", typ)
		}
		for _, c := range src.consts[typ] {
			if c.text == "" {
				t.Errorf("%s has no comment", c.name)
			}
		}
	}
}

func TestNames(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"Hello": "hello", "SubWriteReply": "sub-write-reply", "PG": "pg", "PGVersion": "pg-version",
		"SessionID": "session-id", "UUID": "uuid", "StepOp": "step-op", "ToGID": "to-gid",
	} {
		if got := kebab(name); got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
}

// TestDissectorKnowsTypes holds the names in scripts/zeph.lua to those of package wire.
func TestDissectorKnowsTypes(t *testing.T) {
	t.Parallel()
	script, err := os.ReadFile(filepath.Join(root, "scripts", "zeph.lua"))
	if err != nil {
		t.Fatal(err)
	}
	for n := wire.Type(0); n < 1000; n++ {
		if entry := fmt.Sprintf("[%d] = %q", n, n); n.Known() && !bytes.Contains(script, []byte(entry)) {
			t.Errorf("scripts/zeph.lua lacks %s", entry)
		}
	}
}
