package main

import "encoding/binary"

// Every variant carries the same: a request is a header and a small body, as long as Zeph's,
// and the payload; an answer is a header and a small body. This is a replicated write.
const (
	headerSize = 128
	bodySize   = 20
	headSize   = headerSize + bodySize
)

// flags say what a message asks of the server.
type flags uint16

const (
	ask    flags = 1 << iota // answer, with the same slot
	tell                     // count, do not answer
	settle                   // answer when all that was told has been counted; the slot says how many
)

const (
	offLength = 8
	offFlags  = 14
	offSlot   = 40
)

// newMessage is a message with size bytes of payload, to be stamped.
func newMessage(size int) []byte {
	m := make([]byte, headSize+size)
	copy(m, newHead(size))
	return m
}

// newHead is what goes before size bytes of payload.
func newHead(size int) []byte {
	m := make([]byte, headSize)
	copy(m, "ZEPH\x01")
	binary.LittleEndian.PutUint32(m[offLength:], uint32(bodySize+size))
	return m
}

func stamp(m []byte, f flags, slot uint64) {
	binary.LittleEndian.PutUint16(m[offFlags:], uint16(f))
	binary.LittleEndian.PutUint64(m[offSlot:], slot)
}

func flagsOf(m []byte) flags { return flags(binary.LittleEndian.Uint16(m[offFlags:])) }
func slotOf(m []byte) uint64 { return binary.LittleEndian.Uint64(m[offSlot:]) }

// payloadOf is how many bytes follow the header and body.
func payloadOf(m []byte) int { return int(binary.LittleEndian.Uint32(m[offLength:])) - bodySize }
