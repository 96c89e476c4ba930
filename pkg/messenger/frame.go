package messenger

import (
	"encoding/binary"
	"errors"
	"fmt"

	"zeph/pkg/wire"
)

// A ZMTP frame is a byte of flags, a length of one byte or eight, and as many bytes. See
// https://rfc.zeromq.org/spec/23/.
const (
	flagMore    = 1
	flagLong    = 2
	flagCommand = 4
	allZFlags   = flagMore | flagLong | flagCommand

	maxFrameHeader = 9
	maxShort       = 255
)

var (
	errReservedFlags = errors.New("frame with reserved flags")
	errMultipart     = errors.New("message of more than one frame")
)

// appendFrameHeader appends the header of a frame of n bytes.
func appendFrameHeader(b []byte, flags byte, n int) []byte {
	if n <= maxShort {
		return append(b, flags, byte(n))
	}
	b = append(b, flags|flagLong)
	return binary.BigEndian.AppendUint64(b, uint64(n))
}

// A frame is what its header says.
type frame struct {
	header  int // bytes of the header itself
	length  uint64
	command bool
}

// parseFrame reads a frame's header; ok is false while bytes of it are missing.
func parseFrame(b []byte) (f frame, ok bool, err error) {
	if len(b) < 2 {
		return f, false, nil
	}
	flags := b[0]
	switch {
	case flags&^allZFlags != 0:
		return f, false, fmt.Errorf("%w: %#x", errReservedFlags, flags)
	case flags&flagMore != 0:
		return f, false, errMultipart
	}
	f = frame{header: 2, length: uint64(b[1]), command: flags&flagCommand != 0}
	if flags&flagLong != 0 {
		if len(b) < maxFrameHeader {
			return f, false, nil
		}
		f.header, f.length = maxFrameHeader, binary.BigEndian.Uint64(b[1:])
	}
	if f.command && f.length > wire.MaxCommand {
		return f, false, fmt.Errorf("command of %d bytes, at most %d are read", f.length, wire.MaxCommand)
	}
	return f, true, nil
}

// parseCommand splits a command into its name and its data.
func parseCommand(b []byte) (name string, data []byte, err error) {
	if len(b) == 0 || int(b[0]) > len(b)-1 || b[0] == 0 {
		return "", nil, errors.New("command without a name")
	}
	n := int(b[0])
	return string(b[1 : 1+n]), b[1+n:], nil
}

// pong makes the answer to a PING, whose data are a time to live of two bytes and a context of
// at most 16 that comes back.
func pong(ping []byte) ([]byte, error) {
	if len(ping) < 2 || len(ping) > 18 {
		return nil, fmt.Errorf("PING of %d bytes", len(ping))
	}
	b := appendFrameHeader(nil, flagCommand, len("\x04PONG")+len(ping)-2)
	b = append(b, "\x04PONG"...)
	return append(b, ping[2:]...), nil
}
