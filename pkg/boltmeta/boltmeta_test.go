package boltmeta

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"go.etcd.io/bbolt"
)

// TestCheck: what bbolt leaves behind checks after each commit; with any bit of either meta page wrong, it does not.
func TestCheck(t *testing.T) {
	name := filepath.Join(t.TempDir(), "db")
	for range 4 {
		db, err := bbolt.Open(name, 0o600, nil)
		if err != nil {
			t.Fatal(err)
		}
		err = db.Update(func(tx *bbolt.Tx) error { _, err := tx.CreateBucketIfNotExists([]byte("b")); return err })
		if err := errors.Join(err, db.Close(), Check(name)); err != nil {
			t.Fatal(err)
		}
	}
	whole, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	check := func(file []byte) error {
		if err := os.WriteFile(name, file, 0o600); err != nil {
			t.Fatal(err)
		}
		return Check(name)
	}
	for _, page := range []int{0, os.Getpagesize()} {
		for bit := range 8 * size {
			at := page + header + bit/8
			whole[at] ^= 1 << (bit % 8)
			if err := check(whole); !errors.Is(err, ErrDamaged) {
				t.Errorf("byte %d, bit %d: %v", at, bit%8, err)
			}
			whole[at] ^= 1 << (bit % 8)
		}
	}
	if err := check(whole[:os.Getpagesize()+40]); !errors.Is(err, ErrDamaged) {
		t.Errorf("a file that was cut: %v", err)
	}
	if err := check(whole); err != nil {
		t.Error(err)
	}
	if err := Check(name + ".none"); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}
