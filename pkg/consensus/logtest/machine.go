package logtest

import (
	"encoding/binary"
	"fmt"

	"zeph/pkg/core"
)

// Machine remembers every command it was given. A command is eight bytes that no other has, and padding.
type Machine struct{}

// State is all commands so far: the last one, and those before it.
type State struct {
	Count  uint64 // commands so far
	Index  uint64 // of the last
	ID     uint64 // the last command's
	Hash   uint64 // of all of them
	Before *State // nil: the state of New
}

// Command is a command of an id, padded to a size.
func Command(id uint64, size int) []byte {
	return append(binary.BigEndian.AppendUint64(nil, id), make([]byte, max(0, size-8))...)
}

// New is the state of no commands.
func (Machine) New() core.State { return new(State) }

// Apply remembers a command. The result is how many there are.
func (Machine) Apply(s core.State, index uint64, command []byte) (core.State, any) {
	n := s.(*State).next(index, binary.BigEndian.Uint64(command))
	return n, n.Count
}

func (s *State) next(index, id uint64) *State {
	h := s.Hash ^ 14695981039346656037 // FNV-1a, a word at a time
	for _, w := range [2]uint64{index, id} {
		h = (h ^ w) * 1099511628211
		h ^= h >> 29
	}
	return &State{Count: s.Count + 1, Index: index, ID: id, Hash: h, Before: s}
}

// Encode is every command with its index, the last one first.
func (Machine) Encode(s core.State) ([]byte, error) {
	var b []byte
	for s := s.(*State); s.Before != nil; s = s.Before {
		b = binary.BigEndian.AppendUint64(b, s.Index)
		b = binary.BigEndian.AppendUint64(b, s.ID)
	}
	return b, nil
}

// Decode is the state of such bytes.
func (Machine) Decode(b []byte) (core.State, error) {
	if len(b)%16 != 0 {
		return nil, fmt.Errorf("state of %d bytes", len(b))
	}
	s := new(State)
	for at := len(b) - 16; at >= 0; at -= 16 {
		s = s.next(binary.BigEndian.Uint64(b[at:]), binary.BigEndian.Uint64(b[at+8:]))
	}
	return s, nil
}
