package core

import "zeph/pkg/store"

// Submit hands a transaction to the store. It ends with Durable, in the order of Submit. A store
// that is busy is waited for, in that order too.
type Submit struct {
	Token Token
	Txn   *store.Txn // not written any more
}

// Durable ends a Submit. With an error nothing happened, unless it is store.ErrDead.
type Durable struct {
	Token Token
	Err   error
}

// Read looks at the store. Do runs beside the core, possibly at once, possibly much later: it
// must touch nothing but the reader and what never changes. It ends with ReadDone.
type Read struct {
	Token Token
	Do    func(store.Reader) any
}

// ReadDone brings what Do returned.
type ReadDone struct {
	Token  Token
	Result any
}

// StoreStats says how the store is, from time to time, and once at the start. It is an event.
type StoreStats struct {
	store.Stats
}
