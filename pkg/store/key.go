package store

import (
	"cmp"
	"fmt"
	"math/bits"
	"strings"

	"zeph/pkg/osdmap"
)

// Key names an object.
type Key struct {
	Pool      osdmap.PoolID // 0: what a core keeps for itself
	Hash      uint32        // the object's place among its pool's PGs; see placement.Object.Hash
	Namespace string        // part of the pool; empty: the default one
	Name      string        // never empty in an object's key; empty: just before all objects of the hash
}

// Compare orders keys by pool, bit-reversed hash, namespace and name.
func (k Key) Compare(other Key) int {
	return cmp.Or(
		cmp.Compare(k.Pool, other.Pool),
		cmp.Compare(bits.Reverse32(k.Hash), bits.Reverse32(other.Hash)),
		strings.Compare(k.Namespace, other.Namespace),
		strings.Compare(k.Name, other.Name),
	)
}

// Next is the first key after this one: where a listing goes on.
func (k Key) Next() Key {
	k.Name += "\x00"
	return k
}

// String is the form for errors and logs, such as 3:1f2e3d4c:ns/name.
func (k Key) String() string {
	name := k.Name
	if k.Namespace != "" {
		name = k.Namespace + "/" + name
	}
	if quoted := fmt.Sprintf("%q", name); len(quoted) != len(name)+2 {
		name = quoted
	}
	return fmt.Sprintf("%d:%08x:%s", k.Pool, k.Hash, name)
}

// check refuses keys that no object may have.
func (k Key) check() error {
	switch {
	case k.Pool < 0:
		return fmt.Errorf("pool %d: %w", k.Pool, ErrInvalid)
	case k.Name == "":
		return fmt.Errorf("an object without a name: %w", ErrInvalid)
	case len(k.Name) > MaxName:
		return fmt.Errorf("a name of %d bytes, the limit is %d: %w", len(k.Name), MaxName, ErrTooBig)
	case len(k.Namespace) > MaxNamespace:
		return fmt.Errorf("a namespace of %d bytes, the limit is %d: %w", len(k.Namespace), MaxNamespace, ErrTooBig)
	}
	return nil
}
