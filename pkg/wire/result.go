package wire

// Result is what came of a step.
type Result struct {
	Code   Code   `cbor:"1,keyasint,omitzero"` // why it failed; 0: it did not
	Length uint64 `cbor:"2,keyasint,omitzero"` // how many bytes of the answer's bulk are its, after those of earlier steps
}

// Pairs is the bulk that a list step gets: names with their values, in order of the names.
type Pairs struct {
	Pairs []Pair `cbor:"1,keyasint,omitempty"`
	More  bool   `cbor:"2,keyasint,omitzero"` // there are more, after the last of these
}

// Pair is a name with its value.
type Pair struct {
	Name  string `cbor:"1,keyasint"`
	Value []byte `cbor:"2,keyasint,omitempty"`
}
