package mon

import (
	"github.com/fxamacker/cbor/v2"

	"zeph/pkg/osdmap"
	"zeph/pkg/wire"
)

// entry is one command of the replicated log: everything that one draft changes, and who asked.
// Encodings are deterministic CBOR. Numbers of fields only grow: entries outlive releases.
type entry struct {
	Base    uint64           `cbor:"1,keyasint"` // version of the state that it was made of
	Time    osdmap.UnixMilli `cbor:"2,keyasint"` // of the leader, never less than in earlier entries
	Create  *create          `cbor:"3,keyasint,omitempty"`
	Change  []byte           `cbor:"4,keyasint,omitempty"` // of the map, as osdmap encodes it
	Config  []configEdit     `cbor:"5,keyasint,omitempty"`
	Mons    []monEdit        `cbor:"6,keyasint,omitempty"`
	Trim    osdmap.Epoch     `cbor:"7,keyasint,omitzero"` // the oldest map that is kept from now on
	Lines   []wire.LogLine   `cbor:"8,keyasint,omitempty"`
	Answers []answer         `cbor:"9,keyasint,omitempty"`
}

// create begins a cluster.
type create struct {
	FSID osdmap.UUID `cbor:"1,keyasint"`
}

// configEdit sets a setting, or takes it away.
type configEdit struct {
	Who    string `cbor:"1,keyasint"` // global, osd, mon, osd.3 …
	Name   string `cbor:"2,keyasint"`
	Value  string `cbor:"3,keyasint,omitempty"`
	Remove bool   `cbor:"4,keyasint,omitzero"`
}

// monEdit sets what is known of a monitor, or takes it away.
type monEdit struct {
	Mon    Mon  `cbor:"1,keyasint"`
	Remove bool `cbor:"2,keyasint,omitzero"`
}

// answer is what became of a request, kept for whoever sends it again.
type answer struct {
	Asker wire.Asker   `cbor:"1,keyasint"`
	Text  string       `cbor:"2,keyasint,omitempty"`
	Epoch osdmap.Epoch `cbor:"3,keyasint,omitzero"`
	JSON  []byte       `cbor:"4,keyasint,omitempty"`
}

// Mon is what is known of a monitor: its name and its store are its identity (protocol 14.6).
type Mon struct {
	Name    string      `cbor:"1,keyasint"`           // such as a
	Store   osdmap.UUID `cbor:"2,keyasint"`           // drawn by mkfs
	Control string      `cbor:"3,keyasint"`           // where it listens
	Bulk    string      `cbor:"4,keyasint,omitempty"` // the same
	Hints   string      `cbor:"5,keyasint,omitempty"` // the same
}

var (
	encMode = must(cbor.EncOptions{Sort: cbor.SortCoreDeterministic, NilContainers: cbor.NilContainerAsEmpty}.EncMode())
	decMode = must(cbor.DecOptions{
		DupMapKey: cbor.DupMapKeyEnforcedAPF, IndefLength: cbor.IndefLengthForbidden, TagsMd: cbor.TagsForbidden,
		MaxArrayElements: 1 << 24,
	}.DecMode())
)

func must[T any](mode T, err error) T {
	if err != nil {
		panic(err)
	}
	return mode
}

func (e *entry) encode() []byte { return must(encMode.Marshal(e)) }
