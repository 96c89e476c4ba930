package client

import (
	"errors"

	"zeph/pkg/objecter"
	"zeph/pkg/wire"
)

// What a caller branches on.
var (
	ErrUnknown  = objecter.ErrUnknown // it may have happened, or may yet happen
	ErrTimeout  = objecter.ErrTimeout // nothing happened in the time there was
	ErrNotFound = error(wire.NotFound)
	ErrExists   = error(wire.Exists)
	ErrMismatch = error(wire.Mismatch) // a condition did not hold
	ErrNoPool   = error(wire.NoPool)   // the pool is gone, or never was
	ErrFull     = error(wire.Full)
	ErrDenied   = error(wire.Denied) // a command made no sense, or would do harm
	ErrDamaged  = error(wire.Damaged)

	ErrStriped = errors.New("object is in pieces")              // and that is not done to such
	ErrChanged = errors.New("object changed while it was read") // and part of the old one had been given out
	ErrSwept   = errors.New("put was given up by a sweep")      // zeph gc took it for an interrupted one
	ErrClosed  = errors.New("client is closed")
	ErrName    = errors.New("name cannot be used")
)
