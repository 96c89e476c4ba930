package messenger

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"zeph/pkg/wire"
)

// wireLog writes every message as one JSON line, without body and bulk. It is for looking on, not
// for a cluster at work: each line is written at once.
type wireLog struct {
	mu   sync.Mutex
	enc  *json.Encoder
	file *os.File // ours to close
}

// WireLogVariable names the file that all messages of a process are logged to, if there is no
// other log. Several processes may share it: a line is written at once, at the end.
const WireLogVariable = "ZEPH_WIRE_LOG"

// openWireLog is the log of a configuration, or of the environment, or nil.
func openWireLog(w io.Writer) (*wireLog, error) {
	if w != nil {
		return &wireLog{enc: json.NewEncoder(w)}, nil
	}
	path := os.Getenv(WireLogVariable)
	if path == "" {
		return nil, nil
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("messenger: %s: %w", WireLogVariable, err)
	}
	return &wireLog{enc: json.NewEncoder(f), file: f}, nil
}

func (l *wireLog) close() error {
	if l == nil || l.file == nil {
		return nil
	}
	return l.file.Close()
}

type direction string

const (
	logSent     direction = "sent"
	logReceived direction = "received"
)

// wireLine is one line of the log.
type wireLine struct {
	Time    time.Time `json:"time"`
	Dir     direction `json:"dir"`
	Self    string    `json:"self"`
	Peer    string    `json:"peer,omitempty"`
	Class   string    `json:"class"`
	Type    string    `json:"type"`
	Flags   []string  `json:"flags,omitempty"`
	Session string    `json:"session"`
	Counter uint64    `json:"counter"`
	Request uint64    `json:"request,omitempty"`
	Epoch   uint32    `json:"epoch"`
	Body    uint32    `json:"body_bytes"`
	Bulk    uint32    `json:"bulk_bytes"`
	Trace   uint64    `json:"trace,omitempty"`
}

// log logs a message of a session.
func (s *Session) log(d direction, h *wire.Header) {
	if s.m.wirelog != nil {
		s.m.wirelog.write(d, s.m, s.peer.String(), s.class.String(), h)
	}
}

// logLoose logs a message that is of no session.
func (m *Messenger) logLoose(d direction, peer, place string, h *wire.Header) {
	if m.wirelog != nil {
		m.wirelog.write(d, m, peer, place, h)
	}
}

// write writes one line.
func (l *wireLog) write(d direction, m *Messenger, peer, place string, h *wire.Header) {
	line := wireLine{
		Time: time.Now().UTC(), Dir: d, Self: m.cfg.Entity.String(), Peer: peer, Class: place,
		Type: h.Type.String(), Flags: flagNames(h.Flags), Session: h.Session.String(), Counter: h.Counter, Request: h.Request,
		Epoch: uint32(h.Epoch), Body: h.Body, Bulk: h.Payload - h.Body, Trace: h.Trace,
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.enc.Encode(line) // a full disk must not stop the messages
}

func flagNames(f wire.Flags) (names []string) {
	for _, n := range []struct {
		flag wire.Flags
		name string
	}{{wire.Reply, "reply"}, {wire.Failed, "failed"}, {wire.Origin, "origin"}, {wire.MustUnderstand, "must-understand"}} {
		if f&n.flag != 0 {
			names = append(names, n.name)
		}
	}
	return names
}
