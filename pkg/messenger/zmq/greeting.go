package zmq

import (
	"bytes"
	"fmt"
	"io"
)

// A greeting is 64 bytes, the same in both directions (ZMTP 3.0, 3.1):
//
//	offset  size  field
//	     0     1  0xFF
//	     1     8  anything; libzmq has the length of an identity here, for ZMTP 1 peers
//	     9     1  0x7F
//	    10     2  version, major and minor
//	    12    20  mechanism, padded with zeros
//	    32     1  as-server, 0 or 1; NULL makes no use of it
//	    33    31  anything
const greetingSize = 64

// mechanism is NULL, padded.
var mechanism = append([]byte("NULL"), make([]byte, 16)...)

// readGreeting checks every piece as it comes: some peers send the rest of a greeting only
// after they have seen ours, and one that does not speak ZMTP at all need not be waited for.
func readGreeting(r io.Reader) ([]byte, error) {
	var greeting [greetingSize]byte
	for got := 0; got < greetingSize; {
		n, err := r.Read(greeting[got:])
		got += n
		if bad := checkGreeting(greeting[:got]); bad != nil {
			return nil, bad
		}
		if err != nil && got < greetingSize {
			return nil, cut(err, "greeting", got, greetingSize)
		}
	}
	return greeting[:], nil
}

// checkGreeting says what is wrong with the first bytes of a greeting.
func checkGreeting(b []byte) error {
	if len(b) > 0 && b[0] != 0xFF || len(b) > 9 && b[9] != 0x7F {
		return fmt.Errorf("not ZMTP: begins with %q", b[:min(len(b), 10)])
	}
	if len(b) > 10 && b[10] < 3 {
		return fmt.Errorf("a ZMTP older than 3.0 (version byte %d)", b[10])
	}
	if len(b) > 12 {
		said := b[12:min(len(b), 32)]
		if !bytes.HasPrefix(mechanism, said) {
			return fmt.Errorf("mechanism %q, ours is NULL", bytes.TrimRight(said, "\x00"))
		}
	}
	if len(b) > 32 && b[32] > 1 {
		return fmt.Errorf("as-server is %d, neither 0 nor 1", b[32])
	}
	return nil
}
