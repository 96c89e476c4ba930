package zephtest_test

import (
	"slices"
	"strings"
	"testing"

	"zeph/pkg/client"
	"zeph/pkg/status"
	"zeph/zephtest"
)

// TestMonitorsReplaced: everybody began with one monitor, and none of those who are asked in the end was
// there then. OSDs and clients that run learn of the others, OSDs that start remember them.
func TestMonitorsReplaced(t *testing.T) {
	c := zephtest.Start(t, 1, 3)
	pool := c.Pool("demo")
	ctx := t.Context()
	if _, err := pool.Put(ctx, "before", strings.NewReader("one"), client.PutOptions{}); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		c.AddMon()
	}
	c.Command(nil, "mon transfer", client.Args{"name": "b"})
	c.RemoveMon("mon.a")
	c.Wait("it has three monitors and none of the first", func(s *status.Status) bool {
		return slices.Equal(s.Mons.Quorum, []string{"b", "c", "d"})
	})
	c.WaitHealthy()

	c.Stop("osd.1")
	c.Restart("osd.1")
	c.Kill("osd.2")
	c.Restart("osd.2")
	c.WaitHealthy()
	if _, err := pool.Put(ctx, "after", strings.NewReader("two"), client.PutOptions{}); err != nil {
		t.Fatal(err)
	}
	later := c.Client() // by what a client knows now
	if names := later.Cluster().Mons; len(names) != 3 || names[0].Name != "b" {
		t.Errorf("the monitors are %+v", names)
	}
	var l status.MonList
	c.Command(&l, "mon ls", nil)
	if len(l.Mons) != 3 {
		t.Errorf("%+v", l.Mons)
	}
}
