package wire

import "time"

// The limits. Sizes are in bytes; those of messages are of whole frames, header included.
const (
	MaxHelloFrame     = 4 << 10         // the first message of each direction: a hello, its welcome, a refusal
	MaxControlFrame   = 1 << 20         // a message of class control
	MaxDataFrame      = 16<<20 + 64<<10 // a message of class data or bulk
	MaxHeartbeatFrame = 1 << 10         // a message of class heartbeat
	MaxHintFrame      = 64 << 10        // a hint or a report
	MaxCommand        = 512             // a ZMTP command after the handshake
	MaxSubscriptions  = 64              // prefixes that a connection subscribes to
	MaxTopic          = 64              // a prefix that a connection subscribes to
	ReplyAllowance    = 4 << 10         // what an answer may bring beside its header and the bulk that was asked for

	HelloTimeout = 2 * time.Second // from the start of a connection to its hello
	StallTimeout = 5 * time.Second // how long a peer may take for the next StallBytes of what waits for it, or be cut
	StallBytes   = 4 << 10         // what a peer must read in each StallTimeout while something waits for it
)

// MaxFrame is the longest message that may come by the class, in bytes with its header.
func (c Class) MaxFrame() int {
	switch c {
	case Control:
		return MaxControlFrame
	case Data, Bulk:
		return MaxDataFrame
	case Heartbeat:
		return MaxHeartbeatFrame
	}
	return 0
}

// Limits of what a body may hold, whoever sends it.
const (
	maxDepth    = 8       // arrays and maps within each other, the body itself included
	maxElements = 1 << 16 // of an array, or pairs of a map
)
