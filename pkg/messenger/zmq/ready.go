package zmq

import (
	"encoding/binary"
	"fmt"
	"io"
	"slices"

	"zeph/pkg/messenger"
)

// maxReady bounds the body of the peer's READY. Real ones have about fifty bytes.
const maxReady = 4 << 10

// Flags in the first byte of a frame.
const (
	flagLong    = 2
	flagCommand = 4
)

// readReady reads exactly one frame, which must be a READY command of a peer whose socket
// type goes with ours, and returns that type.
func readReady(r io.Reader, ours messenger.Pattern) (string, error) {
	body, err := readCommand(r)
	if err != nil {
		return "", err
	}
	properties, err := checkCommand(body)
	if err != nil {
		return "", err
	}
	socketType, err := checkProperties(properties)
	if err != nil {
		return "", fmt.Errorf("malformed READY: %w", err)
	}
	if !slices.Contains(partners[ours], socketType) {
		return "", fmt.Errorf("socket type %.20q does not go with ours, %v", socketType, ours)
	}
	return socketType, nil
}

// partners are the socket types that may be at the other end. ZMTP allows more (REQ to ROUTER,
// DEALER to DEALER), which no session of ours could be held with.
var partners = map[messenger.Pattern][]string{
	messenger.Dealer: {"ROUTER"},
	messenger.Router: {"DEALER"},
	messenger.Sub:    {"PUB", "XPUB"},
	messenger.Pub:    {"SUB", "XSUB"},
	messenger.Push:   {"PULL"},
	messenger.Pull:   {"PUSH"},
}

// readCommand reads the frame of a command: flags, a length of one byte or (long) eight, body.
func readCommand(r io.Reader) ([]byte, error) {
	var head [9]byte
	if err := readPart(r, head[:2], "head of READY"); err != nil {
		return nil, err
	}
	size := uint64(head[1])
	switch head[0] {
	case flagCommand:
	case flagCommand | flagLong:
		if err := readPart(r, head[2:], "length of READY"); err != nil {
			return nil, err
		}
		size = binary.BigEndian.Uint64(head[1:])
	default:
		return nil, fmt.Errorf("a frame with flags 0x%02x instead of a READY command", head[0])
	}
	if size > maxReady {
		return nil, fmt.Errorf("a command of %d bytes instead of READY, which has at most %d", size, maxReady)
	}
	body := make([]byte, size)
	return body, readPart(r, body, "READY")
}

// readPart fills p.
func readPart(r io.Reader, p []byte, part string) error {
	if n, err := io.ReadFull(r, p); err != nil {
		return cut(err, part, n, len(p))
	}
	return nil
}

// checkCommand takes the name off the body of a command, which must be READY.
func checkCommand(body []byte) ([]byte, error) {
	if len(body) == 0 || body[0] == 0 || int(body[0]) > len(body)-1 {
		return nil, fmt.Errorf("a command without a name (%d bytes) instead of READY", len(body))
	}
	n := 1 + int(body[0])
	name, rest := body[1:n], body[n:]
	switch string(name) {
	case "READY":
		return rest, nil
	case "ERROR":
		return nil, fmt.Errorf("the peer refuses us: %q", reason(rest))
	}
	return nil, fmt.Errorf("command %q instead of READY", name)
}

// reason is what an ERROR command gives as one: a length byte, then text. Some peers leave
// the length out.
func reason(body []byte) []byte {
	if len(body) > 0 && int(body[0]) == len(body)-1 {
		body = body[1:]
	}
	return body[:min(len(body), 255)]
}

// plainReady is the frame that the library gets to see instead of the peer's: READY with the
// socket type that was checked, in the one spelling that the library knows.
func plainReady(socketType string) []byte {
	body := append([]byte{5}, "READY"...)
	body = append(body, byte(len(keySocketType)))
	body = append(body, keySocketType...)
	body = binary.BigEndian.AppendUint32(body, uint32(len(socketType)))
	body = append(body, socketType...)
	return append([]byte{flagCommand, byte(len(body))}, body...)
}
