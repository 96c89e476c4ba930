package disk

import (
	"fmt"
	"runtime/debug"
)

// guard runs what touches bbolt, and makes errors of its panics. Its pages have no checksums,
// so a damaged one can lead it astray; a page that cannot be read faults.
func guard(do func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if p := recover(); p != nil {
			err = &panicError{p}
		}
	}()
	return do()
}

// panicError is what bbolt panicked with.
type panicError struct{ value any }

func (e *panicError) Error() string { return fmt.Sprintf("the index led astray: %v", e.value) }
