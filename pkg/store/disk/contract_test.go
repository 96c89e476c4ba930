package disk

import (
	"testing"

	"go.etcd.io/bbolt"

	"zeph/pkg/osdmap"
	"zeph/pkg/store"
	"zeph/pkg/store/storetest"
)

var testIdentity = Identity{FSID: osdmap.UUID{1}, OSD: 3, Store: osdmap.UUID{2}}

// openNew makes a store and opens it.
func openNew(t testing.TB, dir string, cfg Config) *Store {
	t.Helper()
	if _, err := Mkfs(dir, testIdentity); err != nil {
		t.Fatal(err)
	}
	return reopen(t, dir, cfg)
}

func reopen(t testing.TB, dir string, cfg Config) *Store {
	t.Helper()
	s, err := Open(dir, cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func TestContract(t *testing.T) {
	storetest.Run(t, func(t *testing.T, o storetest.Options) *storetest.Subject {
		dir, cfg := t.TempDir(), Config{Size: o.Size, QueueTxns: o.QueueTxns}
		sub := &storetest.Subject{Store: openNew(t, dir, cfg)}
		sub.Reopen = func(t *testing.T) {
			t.Helper()
			_ = sub.Store.Close() // a test may have closed it
			sub.Store = reopen(t, dir, cfg)
		}
		sub.Damage = func(t *testing.T, what storetest.Target) {
			t.Helper()
			if err := sub.Store.Close(); err != nil {
				t.Fatal(err)
			}
			damage(t, dir, what)
			sub.Store = reopen(t, dir, cfg)
		}
		return sub
	})
}

// damage flips a bit of a row, behind the store's back.
func damage(t *testing.T, dir string, what storetest.Target) {
	t.Helper()
	bucket, key, at := row(what)
	db, err := bbolt.Open(dir+"/"+dbName, 0o644, nil)
	if err != nil {
		t.Fatal(err)
	}
	err = db.Update(func(tx *bbolt.Tx) error {
		value := append([]byte(nil), tx.Bucket(bucket).Get(key)...)
		if at >= len(value) {
			t.Fatalf("nothing to damage: %+v: a value of %d bytes", what, len(value))
		}
		value[at] ^= 0x10
		return tx.Bucket(bucket).Put(key, value)
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

// row is where a target is kept, and which of its bytes to flip.
func row(what storetest.Target) (bucket, key []byte, at int) {
	switch what.Part {
	case store.PartData:
		return bucketData, chunkKey(objectKey(what.Key), uint32(what.Off/chunkSize)), int(what.Off % chunkSize)
	case store.PartObject:
		return bucketObjects, objectKey(what.Key), 2
	case store.PartOmap:
		return bucketOmap, rowKey(objectKey(what.Key), what.Row), 1
	case store.PartPG:
		return bucketPGs, spanKey(store.SpanOf(what.PG, 1)), 3
	case store.PartLog:
		return bucketLog, logKey(what.PG, what.At), 1
	default:
		return bucketRows, rowKey(pgKey(what.PG), what.Row), 1
	}
}
