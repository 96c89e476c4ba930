package consensus

import (
	"bufio"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"
)

const writerEnv = "ZEPH_LOG_WRITER"

func TestMain(m *testing.M) {
	if dir := os.Getenv(writerEnv); dir != "" {
		if err := write(dir); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
	}
	os.Exit(m.Run())
}

// write writes entries until it is killed, and says what is on disk.
func write(dir string) error {
	s, err := openLog(dir, "a/1", true, func(err error) { fmt.Println(err); os.Exit(1) })
	if err != nil {
		return err
	}
	for n := uint64(1); ; n++ {
		b := s.held()
		group := testEntries(b.last+1, b.last+1+rand.Uint64N(20))
		err := errors.Join(s.StageCommitIndex(b.last), s.StoreLogs(group), s.SetUint64([]byte("term"), b.last))
		if n%7 == 0 {
			err = errors.Join(err, s.DeleteRange(1, b.last/2))
		}
		if err != nil {
			return err
		}
		fmt.Println("has", group[len(group)-1].Index, b.last)
	}
}

// TestKilledWriter: whatever a store said was written is there after its process was killed, and nothing is
// there that was not written.
func TestKilledWriter(t *testing.T) {
	if testing.Short() {
		t.Skip("starts processes")
	}
	dir := makeTest(t)
	for range max(5, int(*soak/time.Minute)*100) {
		last, term := killWriter(t, dir)
		s := openTest(t, dir)
		b := s.held()
		kept, err := s.GetUint64([]byte("term"))
		if b.last < last || b.first > b.last || kept < term || err != nil {
			t.Fatalf("entries %d to %d and term %d (%v), written were %d and %d", b.first, b.last, kept, err, last, term)
		}
		if err := sameEntries(s, b.first, b.last); err != nil {
			t.Fatal(err)
		}
		if c, _ := s.GetCommitIndex(); c > b.last {
			t.Fatalf("commit index %d of %d", c, b.last)
		}
		if err := s.close(); err != nil {
			t.Fatal(err)
		}
	}
}

// killWriter lets a process write for a moment, and is what it had written.
func killWriter(t *testing.T, dir string) (last, term uint64) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), writerEnv+"="+dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for n := 1 + rand.IntN(30); lines.Scan(); n-- {
		word := strings.Fields(lines.Text())
		if len(word) != 3 || word[0] != "has" {
			t.Errorf("the writer says: %s", lines.Text())
			break
		}
		last, _ = strconv.ParseUint(word[1], 10, 64)
		term, _ = strconv.ParseUint(word[2], 10, 64)
		if n == 0 {
			_ = cmd.Process.Kill() // in the middle of what comes next
		}
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	return last, term
}
