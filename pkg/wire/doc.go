// Package wire turns Zeph messages into bytes and back. It opens no sockets.
//
// A message is one ZeroMQ frame: a 128-byte header, a CBOR body, bulk data, and a tag where the
// mode has one.
//
//	offset  size  field      meaning (integers are little-endian)
//	     0     4  magic      'Z' 'E' 'P' 'H'
//	     4     1  version    1; a reader refuses versions it does not know
//	     5     1  mode       how the payload is protected, see Mode
//	     6     2  type       what the body holds, see Type
//	     8     4  payload    bytes of body and bulk: the frame's less 128 and the mode's tag
//	    12     1  need       the least authority that the request asks for, see Need
//	    13     1  kind       what sort of entity the sender is, see Kind
//	    14     2  flags      reply, failed, …, see Flags
//	    16    16  session    chosen by who answered the hello; zeros in a hello
//	    32     8  counter    from 1, strictly rising, for each session and direction
//	    40     8  request    chosen by the asker, echoed in the answer; 0: one way
//	    48     8  clock      the sender's, in milliseconds since 1970; for people and measurements
//	    56     8  gid        of this run of the sender: random, never 0, never used again
//	    64    32  entity     the sender's name, such as osd.3, in printable ASCII, then zeros
//	    96     4  epoch      of the sender's osdmap; 0: it has none
//	   100     4  body       bytes of the payload that are the CBOR body; the rest is bulk
//	   104     8  trace      an id that follows an operation through the cluster; 0: not traced
//	   112    16  caps       digest of the caps that the sender relies on; zeros: none
//
// docs/wire.md has the whole format, for writers of clients in any language. Its tables are
// made from this package: the one above, constants and what stands behind them, struct tags.
//
// ParseHeader and ParseBody trust nothing: any input gives a header or body, or an *Error whose
// code says why not, and never a panic. What a body takes in memory is bounded by a multiple of
// its length. A body keeps nothing of the input. The strings of the hottest ones (see scan.go)
// share one copy of it, so who keeps a name for long should clone it; and a struct that is read
// into again uses its slices again.
//
// Reading is generous where it does no harm: integers may be longer than they have to be, keys
// may come in any order, unknown ones are passed over unless the request says that it must be
// understood. Writing is not: a value has one encoding.
//
// The tables of types, codes and steps, and the keys of each body, only grow. testdata keeps
// what was given out.
package wire

//go:generate go run ../../scripts/wiredoc -root ../..
