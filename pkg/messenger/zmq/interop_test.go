package zmq

import (
	"testing"

	"zeph/pkg/messenger"
)

// A conversation is what one of our socket types says to a foreign peer, right after the
// handshake: enough to show that both mean the same by it. Frames are short, so their heads
// have two bytes.
//
//	DEALER   says ping, hears pong      ROUTER   the other way round
//	SUB      subscribes, hears news     PUB      the other way round
//	PULL     hears news                 PUSH     the other way round
type conversation []line

type line struct {
	we   string // "say" or "hear"
	what string
}

var conversations = map[messenger.Pattern]conversation{
	messenger.Dealer: {{"say", "ping"}, {"hear", "pong"}},
	messenger.Router: {{"hear", "ping"}, {"say", "pong"}},
	messenger.Sub:    {{"say", "\x01"}, {"hear", "news"}},
	messenger.Pub:    {{"hear", "\x01"}, {"say", "news"}},
	messenger.Pull:   {{"hear", "news"}},
	messenger.Push:   {{"say", "news"}},
}

// converse holds our part of the conversation.
func converse(t *testing.T, c messenger.Conn, p messenger.Pattern) {
	t.Helper()
	handshakes(t, c)
	for _, line := range conversations[p] {
		frame := append([]byte{0, byte(len(line.what))}, line.what...)
		if line.we == "say" {
			if n, err := c.Writev([][]byte{frame}, true); n != len(frame) || err != nil {
				t.Fatalf("say %q: %d, %v", line.what, n, err)
			}
			continue
		}
		if got := read(t, c, len(frame)); string(got) != string(frame) {
			t.Fatalf("heard %q, want %q", got, frame)
		}
	}
}

// foreign are the peers that each of our socket types must get along with.
var foreign = []struct {
	ours   messenger.Pattern
	theirs string
}{
	{messenger.Dealer, "ROUTER"},
	{messenger.Router, "DEALER"},
	{messenger.Sub, "PUB"},
	{messenger.Sub, "XPUB"},
	{messenger.Pub, "SUB"},
	{messenger.Pub, "XSUB"},
	{messenger.Push, "PULL"},
	{messenger.Pull, "PUSH"},
}
