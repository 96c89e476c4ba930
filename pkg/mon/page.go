package mon

import (
	"slices"
	"strconv"

	"zeph/pkg/wire"
)

// page is an answer too large for one message. It is kept a while, for who asks for the rest of it.
type page struct {
	gid  wire.GID
	name string
	json []byte
}

const keptPages = 4

func (l *leader) keepPage(a asker, cmd *wire.Command, b []byte) {
	l.pages = slices.DeleteFunc(l.pages, func(p page) bool { return p.gid == a.key.GID && p.name == cmd.Name })
	l.pages = append(l.pages, page{a.key.GID, cmd.Name, b})
	l.pages = l.pages[max(0, len(l.pages)-keptPages):]
}

// turnPage answers who asks for more of an answer. It reports whether somebody did.
func (l *leader) turnPage(a asker, cmd *wire.Command) bool {
	text, given := cmd.Arg("offset")
	if !given {
		return false
	}
	offset, err := strconv.ParseUint(text, 10, 32)
	i := slices.IndexFunc(l.pages, func(p page) bool { return p.gid == a.key.GID && p.name == cmd.Name })
	if err != nil || i < 0 {
		l.c.fail(a, wire.Overtaken.Errorf("%s: that answer is no longer there, ask from the start", cmd.Name))
		return true
	}
	l.replyPage(a, l.pages[i].json, offset)
	return true
}

func (l *leader) replyPage(a asker, b []byte, offset uint64) {
	n := uint64(len(b))
	from := min(offset, n)
	to := min(from+pageBytes, n)
	l.c.reply(a, &wire.CommandReply{Epoch: l.c.st.Epoch(), Size: n}, b[from:to])
}
