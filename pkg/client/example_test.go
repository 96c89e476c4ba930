package client_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"

	"zeph/pkg/client"
	"zeph/zephtest"
)

// The examples run against a cluster in this process. A program of its own connects by the cluster file:
//
//	cluster, err := world.ReadCluster("zeph.yaml")
//	c, err := client.Connect(ctx, client.Config{Cluster: cluster, Transport: zmq.New(zmq.Settings{})})
//	pool, err := c.Pool(ctx, "demo")
func exampleCluster() (client.Pool, func()) {
	t := &exampleTest{}
	c := zephtest.Start(t, 1, 3)
	return c.Pool("demo"), t.end
}

// An object is stored, read and removed.
func Example() {
	pool, done := exampleCluster()
	defer done()
	ctx := context.Background()

	if _, err := pool.Put(ctx, "hello", strings.NewReader("Hello, Zeph!"), client.PutOptions{}); err != nil {
		panic(err)
	}
	data, info, err := pool.Get(ctx, "hello")
	if err != nil {
		panic(err)
	}
	fmt.Printf("%s (%d bytes, xxh64 %s)\n", data, info.Size, info.Sum)

	if err := pool.Remove(ctx, "hello"); err != nil {
		panic(err)
	}
	_, err = pool.Stat(ctx, "hello")
	fmt.Println(errors.Is(err, client.ErrNotFound))
	// Output:
	// Hello, Zeph! (12 bytes, xxh64 d83bb7d338b22676)
	// true
}

// A counter that several programs may count up: each time it is replaced only if nobody else has done so since it
// was read. ErrUnknown is the one case in which the program must look before it goes on.
func ExamplePool_Put_ifVersion() {
	pool, done := exampleCluster()
	defer done()
	ctx := context.Background()

	count := func() error {
		for {
			data, info, err := pool.Get(ctx, "counter")
			opt := client.PutOptions{IfVersion: &info.Version}
			if errors.Is(err, client.ErrNotFound) {
				opt, err = client.PutOptions{IfAbsent: true}, nil
			}
			if err != nil {
				return err
			}
			n := 0
			fmt.Sscan(string(data), &n)
			_, err = pool.Put(ctx, "counter", strings.NewReader(fmt.Sprint(n+1)), opt)
			if errors.Is(err, client.ErrMismatch) || errors.Is(err, client.ErrExists) {
				continue // somebody was faster
			}
			return err
		}
	}
	for range 3 {
		if err := count(); err != nil {
			panic(err)
		}
	}
	data, _, _ := pool.Get(ctx, "counter")
	fmt.Printf("%s\n", data)
	// Output: 3
}

// Several steps on one object happen all, or none.
func ExamplePool_Apply() {
	pool, done := exampleCluster()
	defer done()
	ctx := context.Background()

	write := new(client.Write).Absent().Append([]byte("Dear reader, ")).SetXattr("state", []byte("draft"))
	if _, err := pool.Apply(ctx, "letter", write); err != nil {
		panic(err)
	}
	finish := func() error {
		w := new(client.Write).IsXattr("state", []byte("draft")).Append([]byte("goodbye.")).SetXattr("state", []byte("sent"))
		_, err := pool.Apply(ctx, "letter", w)
		return err
	}
	fmt.Println(finish())
	fmt.Println(errors.Is(finish(), client.ErrMismatch))
	data, _, _ := pool.Get(ctx, "letter")
	fmt.Printf("%s\n", data)
	// Output:
	// <nil>
	// true
	// Dear reader, goodbye.
}

// The objects of a pool come in the order of their hashes.
func ExamplePool_List() {
	pool, done := exampleCluster()
	defer done()
	ctx := context.Background()

	for _, name := range []string{"fruit/apple", "fruit/pear", "tree/oak"} {
		if _, err := pool.Put(ctx, name, strings.NewReader(name), client.PutOptions{}); err != nil {
			panic(err)
		}
	}
	var names []string
	for info, err := range pool.List(ctx, client.ListOptions{Prefix: "fruit/"}) {
		if err != nil {
			panic(err)
		}
		names = append(names, info.Name)
	}
	slices.Sort(names)
	fmt.Println(names)
	// Output: [fruit/apple fruit/pear]
}

// exampleTest lets an example use what is made for tests.
type exampleTest struct {
	testing.TB // for the methods that nobody calls
	cleanups   []func()
}

func (t *exampleTest) Helper()                      {}
func (t *exampleTest) Context() context.Context     { return context.Background() }
func (t *exampleTest) Output() io.Writer            { return io.Discard }
func (t *exampleTest) Cleanup(f func())             { t.cleanups = append(t.cleanups, f) }
func (t *exampleTest) Errorf(f string, args ...any) { panic(fmt.Sprintf(f, args...)) }
func (t *exampleTest) Fatalf(f string, args ...any) { panic(fmt.Sprintf(f, args...)) }
func (t *exampleTest) Fatal(args ...any)            { panic(fmt.Sprint(args...)) }

func (t *exampleTest) TempDir() string {
	dir, err := os.MkdirTemp("", "zeph-example-")
	if err != nil {
		panic(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

func (t *exampleTest) end() {
	for _, f := range slices.Backward(t.cleanups) {
		f()
	}
}
