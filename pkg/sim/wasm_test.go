//go:build !js

package sim

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestWasm: a run is the same as WebAssembly under Node, to the last byte of its trace.
func TestWasm(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it compiles the simulator anew: left out with -short")
	}
	if _, err := exec.LookPath("node"); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("no node: apt-get install nodejs")
		}
		t.Skip("no node: apt-get install nodejs")
	}
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Skip("no go command: ", err)
	}
	node := filepath.Join(strings.TrimSpace(string(root)), "lib", "wasm", "go_js_wasm_exec")
	cmd := exec.Command("go", "test", "-count=1", "-vet=off", "-ldflags=-s -w", "-exec="+node, "-run=^TestHashes$", "-v", ".")
	cmd.Env = append(os.Environ(), "GOOS=js", "GOARCH=wasm", "GOFLAGS=")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %v\n%s", cmd.Args, err, out)
	}
	got := regexp.MustCompile(`seed \d+: [0-9a-f]{64}`).FindAllString(string(out), -1)
	if want := hashes(); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("as wasm\n%s\nhere\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
