package messengertest

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"

	"zeph/pkg/messenger"
	"zeph/pkg/wire"
)

// content is what the text of a message says: of what event it is the cause, what the receiver
// is to do, and how much bulk comes with it.
type content struct {
	event string // "note 7"
	hold  bool
	bulk  int
}

// text is the content as it travels.
func (c content) text() string { return fmt.Sprintf("%s|%v|%d", c.event, c.hold, c.bulk) }

// pattern is what bulk is made of: as long as a prime, so that no piece of a message is like
// another where a buffer or page is confused with the next.
var pattern = func() []byte {
	b := make([]byte, 65521)
	rand.NewChaCha8([32]byte{}).Read(b)
	return b
}()

// fill fills bulk with the pattern, from where the number of the message says.
func fill(b []byte, id int) {
	for at := id * 4099 % len(pattern); len(b) > 0; at = 0 {
		b = b[copy(b, pattern[at:]):]
	}
}

// differs is where bulk is not what fill made it; -1 if nowhere.
func differs(b []byte, id int) int {
	for at, done := id*4099%len(pattern), 0; done < len(b); at = 0 {
		n := min(len(b)-done, len(pattern)-at)
		if !bytes.Equal(b[done:done+n], pattern[at:at+n]) {
			for i := range n {
				if b[done+i] != pattern[at+i] {
					return done + i
				}
			}
		}
		done += n
	}
	return -1
}

// read reads the content of a message, and checks its bulk against it.
func read(m *messenger.Message) (content, error) {
	text, err := textOf(m)
	if err != nil {
		return content{}, err
	}
	parts := strings.Split(text, "|")
	if len(parts) != 3 {
		return content{}, fmt.Errorf("text %q", text)
	}
	c := content{event: parts[0], hold: parts[1] == "true"}
	if c.bulk, err = strconv.Atoi(parts[2]); err != nil {
		return content{}, err
	}
	return c, c.check(m.Bulk)
}

// textOf is the text of the two types that carry some.
func textOf(m *messenger.Message) (string, error) {
	if m.Type == wire.TypeEcho {
		var e wire.Echo
		err := m.Parse(&e)
		return e.Text, err
	}
	var n wire.Note
	err := m.Parse(&n)
	return n.Text, err
}

func (c content) check(bulk []byte) error {
	if len(bulk) != c.bulk {
		return fmt.Errorf("%s came with %d bytes of bulk, it was sent with %d", c.event, len(bulk), c.bulk)
	}
	if at := differs(bulk, c.id()); at >= 0 {
		return fmt.Errorf("%s: byte %d of its bulk is %#x, as it was not sent", c.event, at, bulk[at])
	}
	return nil
}

// id is the number in the event.
func (c content) id() int {
	id, _ := strconv.Atoi(strings.Fields(c.event)[1])
	return id
}
