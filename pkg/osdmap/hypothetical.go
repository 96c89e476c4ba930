package osdmap

import "fmt"

// WithPGNum is the map as it would be with another pg_num, and the same pgp_num, in one
// pool. It is for asking "what if" only: no Change leads to it, its epoch is that of the
// true map, and it must never be stored, sent or applied to.
func (m *Map) WithPGNum(id PoolID, pgNum uint32) (*Map, error) {
	at, ok := findPool(m.pools, id)
	if !ok {
		return nil, fmt.Errorf("osdmap: pg_num of pool %d: %w", id, ErrUnknownPool)
	}
	next := *m
	next.pools = append([]Pool(nil), m.pools...)
	next.pools[at].PGNum, next.pools[at].PGPNum = pgNum, pgNum
	next.dropGonePGs()
	if err := next.Validate(); err != nil {
		return nil, fmt.Errorf("osdmap: pg_num of pool %d: %w", id, err)
	}
	return &next, nil
}
