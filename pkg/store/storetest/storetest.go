// Package storetest holds every store to the contract of package store. A store's test opens
// it for Run:
//
//	func TestContract(t *testing.T) {
//		storetest.Run(t, func(t *testing.T, o storetest.Options) *storetest.Subject { … })
//	}
//
// The random runs have their seeds as names, and -run repeats one of them.
package storetest

import (
	"context"
	"testing"

	"zeph/pkg/osdmap"
	"zeph/pkg/store"
)

// Options are limits that a test wants the store to have; 0: those it has by itself.
type Options struct {
	Size      uint64
	QueueTxns int
}

// Subject is an empty store under test, and what can be done to it from outside.
type Subject struct {
	Store store.Store

	// Reopen closes the store and opens what it left.
	Reopen func(t *testing.T)

	// Damage flips bits at rest; it may reopen the store. nil: nobody knows how.
	Damage func(t *testing.T, what Target)
}

// Target is something to damage.
type Target struct {
	Part store.Part // PartData, PartObject, PartOmap, PartPG, PartLog, PartRows
	Key  store.Key
	Off  uint64 // of data
	Row  string // of an omap or a PG
	PG   osdmap.PGID
	At   store.Version // of a log
}

// Open makes an empty store.
type Open func(t *testing.T, o Options) *Subject

// Run runs the whole contract.
func Run(t *testing.T, open Open) {
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			c.run(&fixture{t, open(t, c.options)})
		})
	}
	t.Run("random", func(t *testing.T) { Random(t, open, 5, 40) })
}

type testCase struct {
	name    string
	options Options
	run     func(*fixture)
}

var cases = []testCase{
	{"data", Options{}, testData},
	{"holes", Options{}, testHoles},
	{"cut and grown again", Options{}, testCut},
	{"zero", Options{}, testZero},
	{"large object", Options{}, testLarge},
	{"attributes", Options{}, testAttrs},
	{"omap", Options{}, testOmap},
	{"omap pages", Options{}, testOmapPages},
	{"remove", Options{}, testRemove},
	{"what makes an object", Options{}, testMakes},
	{"what is not there", Options{}, testNotFound},
	{"answers are copies", Options{}, testCopies},
	{"list order", Options{}, testListOrder},
	{"list pages", Options{}, testListPages},
	{"list spans", Options{}, testListSpans},
	{"pool 0", Options{}, testPoolZero},
	{"log", Options{}, testLog},
	{"log trim and rewind", Options{}, testLogEnds},
	{"log pages", Options{}, testLogPages},
	{"pg", Options{}, testPG},
	{"pg spans", Options{}, testPGSpans},
	{"pg statistics", Options{}, testStatistics},
	{"pg rows", Options{}, testRows},
	{"pg removal", Options{}, testRemovePG},
	{"refused whole", Options{}, testRefusedWhole},
	{"refused at once", Options{}, testRefusedAtOnce},
	{"attributes beyond the limit", Options{}, testAttrLimit},
	{"order of outcomes", Options{}, testOrder},
	{"outcome then read", Options{}, testReadInDone},
	{"nothing changes bytes after done", Options{}, testBytesOwned},
	{"busy", Options{QueueTxns: 4}, testBusy},
	{"full", Options{Size: 8 << 20}, testFull},
	{"reopen", Options{}, testReopen},
	{"close", Options{}, testClose},
	{"verify", Options{}, testVerify},
	{"damaged data", Options{}, testDamagedData},
	{"damage and partial writes", Options{}, testDamageSticks},
	{"damaged record", Options{}, testDamagedRecord},
	{"damaged omap", Options{}, testDamagedOmap},
	{"damaged pg", Options{}, testDamagedPG},
	{"damaged log", Options{}, testDamagedLog},
}

// fixture is a subject with the checks that tests make of it.
type fixture struct {
	*testing.T
	*Subject
}

// submit carries out a transaction and waits for its outcome.
func (f *fixture) submit(build func(t *store.Txn)) error {
	f.Helper()
	var txn store.Txn
	build(&txn)
	told := make(chan error, 1)
	if err := f.Store.Submit(&txn, func(err error) { told <- err }); err != nil {
		return err
	}
	return <-told
}

// do carries out a transaction that must succeed.
func (f *fixture) do(build func(t *store.Txn)) {
	f.Helper()
	if err := f.submit(build); err != nil {
		f.Fatalf("submit: %v", err)
	}
}

// fsck demands that nothing is found.
func (f *fixture) fsck() {
	f.Helper()
	err := f.Store.Fsck(context.Background(), store.Deep, func(found store.Finding) {
		f.Errorf("fsck: %+v", found)
	})
	if err != nil {
		f.Fatalf("fsck: %v", err)
	}
}

// findings is what fsck finds.
func (f *fixture) findings(depth store.Depth) []store.Finding {
	f.Helper()
	var all []store.Finding
	if err := f.Store.Fsck(context.Background(), depth, func(found store.Finding) { all = append(all, found) }); err != nil {
		f.Fatalf("fsck: %v", err)
	}
	return all
}
