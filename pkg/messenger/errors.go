package messenger

import (
	"errors"
	"fmt"
)

// How a message or call can end other than well. ErrDown, ErrQueueFull, ErrTooLarge say that
// nothing was sent. ErrReset, ErrClosed and a deadline leave open what the peer did.
var (
	ErrDown      = errors.New("peer not connected")
	ErrReset     = errors.New("session reset")
	ErrQueueFull = errors.New("queue full")
	ErrTooLarge  = errors.New("message too large")
	ErrClosed    = errors.New("messenger closed")
	ErrAnswered  = errors.New("request already answered")
	ErrOneWay    = errors.New("message is one way: nobody waits for an answer")
	ErrRequestID = errors.New("request id is in use or not one to choose")
)

// errStalled is why a peer that does not move is cut.
var errStalled = errors.New("peer stalled")

// because says which of the endings it is, and why. It is the ending alone if that says it all.
func because(ending, cause error) error {
	if cause == nil || errors.Is(cause, ending) {
		return ending
	}
	return fmt.Errorf("%w: %w", ending, cause)
}
