package wire

import "zeph/pkg/osdmap"

// Follow tells the monitor that leads, each second, that another one is well.
type Follow struct {
	Name  string           `cbor:"1,keyasint"`           // of the monitor, such as a
	Epoch osdmap.Epoch     `cbor:"2,keyasint,omitzero"`  // of its newest map
	Clock osdmap.UnixMilli `cbor:"3,keyasint"`           // of its machine, in milliseconds since 1970
	Term  uint64           `cbor:"4,keyasint,omitzero"`  // in which it follows
	Hears []HeardMon       `cbor:"5,keyasint,omitempty"` // the other monitors
}

// HeardMon is a monitor that another one pings.
type HeardMon struct {
	Name string `cbor:"1,keyasint"`          // such as a
	RTT  uint32 `cbor:"2,keyasint,omitzero"` // round trip of its last answer, in microseconds
	Age  Millis `cbor:"3,keyasint"`          // since that answer, or since it is pinged, in milliseconds
}

// Followed answers a Follow.
type Followed struct {
	Term  uint64       `cbor:"1,keyasint,omitzero"` // of the leader
	Epoch osdmap.Epoch `cbor:"2,keyasint,omitzero"` // of the leader's map
}
