package consensus

import (
	"fmt"
	"slices"
	"strings"

	"go.etcd.io/bbolt"
)

// stable is what raft keeps by key. It is one row, written as a whole: its keys, in order, each followed by
// its value, both as bytes.
type stable []setting

type setting struct {
	key   string
	value []byte
}

func (s stable) find(key string) (int, bool) {
	return slices.BinarySearchFunc(s, key, func(x setting, key string) int { return strings.Compare(x.key, key) })
}

func (s stable) get(key string) []byte {
	if i, ok := s.find(key); ok {
		return s[i].value
	}
	return nil
}

// with is s with one more value, or another. It shares nothing that changes.
func (s stable) with(key string, value []byte) stable {
	next := slices.Clone(s)
	i, ok := next.find(key)
	if !ok {
		next = slices.Insert(next, i, setting{key: key})
	}
	next[i].value = slices.Clone(value)
	return next
}

func (s stable) put(tx *bbolt.Tx) error {
	var b []byte
	for _, x := range s {
		b = appendBytes(appendBytes(b, []byte(x.key)), x.value)
	}
	return tx.Bucket(bucketSelf).Put(keyStable, sealRow(bucketSelf, keyStable, b))
}

func readStable(tx *bbolt.Tx) (stable, error) {
	b, err := openRow(bucketSelf, keyStable, tx.Bucket(bucketSelf).Get(keyStable))
	if err != nil {
		return nil, fmt.Errorf("raft's own values: %w", err)
	}
	var s stable
	r := &reader{b: b}
	for len(r.b) > 0 && r.err == nil {
		key := string(r.bytes(maxConfig))
		s = s.with(key, r.bytes(maxConfig))
	}
	return s, r.err
}
