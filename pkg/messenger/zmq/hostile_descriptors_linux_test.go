package zmq_test

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"zeph/pkg/messenger"
)

// besiegedVar tells this test binary to be the daemon of TestHostileDescriptors.
const besiegedVar = "ZEPH_TEST_FEW_DESCRIPTORS"

// spare is how many descriptors that daemon has besides those it needs.
const spare = 30

// Sessions use up all descriptors of a daemon. It goes on to serve them, has no room for strangers,
// and is as before when descriptors are free again. The daemon is another process, for the limit
// is one of the process.
func TestHostileDescriptors(t *testing.T) {
	if os.Getenv(besiegedVar) != "" {
		fewDescriptors(t)
		return
	}
	child := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
	child.Env = append(os.Environ(), besiegedVar+"=1")
	child.Stderr = os.Stderr
	in, err := child.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	pipe, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	defer child.Process.Kill()
	out := bufio.NewScanner(pipe)

	endpoint := hears(t, out, "listening ")
	exhausted := make(chan struct{})
	go func() {
		defer close(exhausted)
		for out.Scan() && out.Text() != "exhausted" {
		}
	}()
	crowd := pressIn(t, endpoint, exhausted)
	hears(t, out, "served")
	for _, i := range crowd {
		i.leave()
	}
	fmt.Fprintln(in, "gone")
	hears(t, out, "recovered")
	i := intrudeAt(t, endpoint, "data").enter()
	i.alive()
	i.leave()
	_ = in.Close()
	var rest []string
	for out.Scan() {
		rest = append(rest, out.Text())
	}
	if err := child.Wait(); err != nil {
		t.Errorf("%v\n%s", err, strings.Join(rest, "\n"))
	}
}

// pressIn opens sessions until it is told to stop. Some are refused on the way: the daemon may
// happen to have no descriptor just then.
func pressIn(t *testing.T, endpoint string, stop <-chan struct{}) (crowd []*intruder) {
	for range 10 * spare {
		select {
		case <-stop:
			return crowd
		default:
		}
		i := intrudeAt(t, endpoint, "data")
		_ = i.conn.SetDeadline(time.Now().Add(time.Second)) // it may not even be accepted
		_ = i.say(zmtpGreeting(), i.ready(), i.hello())
		_, _ = i.in.Discard(64 + len(i.ready())) // its greeting, and its READY or as much of the welcome
		crowd = append(crowd, i)
	}
	<-stop
	return crowd
}

// hears reads lines up to one that begins so, and returns the rest of it.
func hears(t *testing.T, out *bufio.Scanner, begin string) string {
	t.Helper()
	var said []string
	for out.Scan() {
		if rest, ok := strings.CutPrefix(out.Text(), begin); ok {
			return rest
		}
		said = append(said, out.Text())
	}
	t.Fatalf("the daemon ended without %q:\n%s", begin, strings.Join(said, "\n"))
	return ""
}

// fewDescriptors is the daemon, with its honest client.
func fewDescriptors(t *testing.T) {
	s := besieged(t, messenger.Limits{Hello: 10 * siegePatience})
	in := bufio.NewReader(os.Stdin)
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	limit.Cur = uint64(openDescriptors(t) - 1 + spare) // one was for counting
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	fmt.Println("listening " + s.m.Addrs()["data"])

	waitFor(t, "there are no descriptors left", func() bool { return free() < 2 })
	fmt.Println("exhausted")
	s.during(func() {
		for range 200 {
			if err := s.honest.call(1000); err != nil {
				t.Error(err)
			}
		}
	})
	waitFor(t, "there still are none", func() bool { return free() < 2 })
	fmt.Println("served")
	if _, err := in.ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	s.rid()
	waitFor(t, "there are descriptors again", func() bool { return free() > spare/2 })
	s.during(func() {
		if err := s.settleMore(2).call(1000); err != nil {
			t.Error("one who came afterwards: ", err)
		}
	})
	fmt.Println("recovered")
	_, _ = io.Copy(io.Discard, in)
}

// free is how many descriptors this process could still open. The last is taken only for as long
// as it takes to find that no stranger can have it.
func free() (n int) {
	var files []*os.File
	for {
		f, err := os.Open("/")
		if err != nil {
			break
		}
		files = append(files, f)
	}
	for _, f := range files {
		_ = f.Close()
	}
	return len(files)
}
