package wire

import (
	"errors"
	"fmt"
	"testing"
)

func TestErrorsAreTheirCodes(t *testing.T) {
	t.Parallel()
	err := fmt.Errorf("send: %w", TooLarge.Errorf("%d bytes", 7))
	if !errors.Is(err, TooLarge) || errors.Is(err, Busy) {
		t.Error("errors.Is does not see the code")
	}
	if got, want := err.Error(), "send: too large: 7 bytes"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// An error whose code we do not know, from a newer peer, may mean that something happened.
func TestUnknownCodesAreAmbiguous(t *testing.T) {
	t.Parallel()
	for _, c := range []Code{0, Code(len(codes)), 65535} {
		if c.Known() || c.Outcome() != Ambiguous {
			t.Errorf("%v: known %v, outcome %v", c, c.Known(), c.Outcome())
		}
	}
	if Busy.Outcome() != Retry || Malformed.Outcome() != Definite {
		t.Error("the outcomes of known codes are wrong")
	}
}
