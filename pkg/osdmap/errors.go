package osdmap

import "errors"

// Apply did nothing when it returns one of these.
var (
	ErrEpochGap     = errors.New("change skips an epoch")                // fetch the changes between first
	ErrEpochRepeat  = errors.New("change repeats an epoch")              // it, or another, was applied already
	ErrWrongCluster = errors.New("change belongs to another cluster")    // the fsids differ
	ErrUnknownOSD   = errors.New("unknown osd")                          // the map does not have it
	ErrUnknownPool  = errors.New("unknown pool")                         //
	ErrUnknownPG    = errors.New("unknown pg")                           // the pool has fewer PGs
	ErrUnknownRule  = errors.New("unknown rule")                         // the CRUSH map does not have it
	ErrInvalid      = errors.New("change contradicts the map or itself") // or would leave a map that is not valid
)

// Decoding returns one of these for bytes that it does not take.
var (
	ErrMalformed = errors.New("malformed encoding")
	ErrVersion   = errors.New("unknown encoding version") // from a newer release
)
