package osd

import (
	"fmt"

	"zeph/pkg/osdmap"
	"zeph/pkg/store"
)

// history holds the maps of a run of epochs: the oldest one whole, the others as the changes that made
// them. Both are immutable; so a history may be read by whoever was given a copy of it.
type history struct {
	base    *osdmap.Map
	changes [][]byte      // of epoch base+1, base+2, …
	marks   []*osdmap.Map // of every 32nd epoch after the base, so that walks need not begin there
}

const markEvery = 32

func (h *history) oldest() osdmap.Epoch { return h.base.Epoch() }
func (h *history) newest() osdmap.Epoch { return h.base.Epoch() + osdmap.Epoch(len(h.changes)) }

// add notes the change that made the next epoch, and its map.
func (h *history) add(change []byte, m *osdmap.Map) {
	h.changes = append(h.changes, change)
	if len(h.changes)%markEvery == 0 {
		h.marks = append(h.marks, m)
	}
}

// after lists changes that follow an epoch, to another one at most and as many as fit in so many bytes,
// but at least one. There are none when the first of them is gone.
func (h *history) after(e, to osdmap.Epoch, bytes int) [][]byte {
	if e < h.oldest() || e >= min(to, h.newest()) {
		return nil
	}
	all := h.changes[e-h.oldest() : min(to, h.newest())-h.oldest()]
	n := 0
	for n < len(all) && n < maxChanges && (n == 0 || bytes >= len(all[n])) {
		bytes -= len(all[n])
		n++
	}
	return all[:n:n]
}

const (
	maxChanges     = 1000
	maxChangeBytes = 512 << 10 // in one message of class control
)

// each walks the maps from one epoch on, to the newest or until yield wants no more.
func (h *history) each(from osdmap.Epoch, yield func(*osdmap.Map) bool) error {
	m := h.base
	if n := min(int(max(from, m.Epoch())-m.Epoch())/markEvery, len(h.marks)); n > 0 {
		m = h.marks[n-1]
	}
	for i := int(m.Epoch() - h.base.Epoch()); ; i++ {
		if m.Epoch() >= from && !yield(m) {
			return nil
		}
		if i == len(h.changes) {
			return nil
		}
		next, err := apply(m, h.changes[i])
		if err != nil {
			return err
		}
		m = next
	}
}

func apply(m *osdmap.Map, change []byte) (*osdmap.Map, error) {
	c, err := osdmap.DecodeChange(change)
	if err != nil {
		return nil, fmt.Errorf("change after epoch %d: %w", m.Epoch(), err)
	}
	return m.Apply(c)
}

// at is the map of an epoch.
func (h *history) at(e osdmap.Epoch) (found *osdmap.Map, err error) {
	err = h.each(e, func(m *osdmap.Map) bool { found = m; return false })
	if err == nil && (found == nil || found.Epoch() != e) {
		err = fmt.Errorf("no map of epoch %d: there are %d to %d", e, h.oldest(), h.newest())
	}
	return found, err
}

// trimmed is the history from an epoch on.
func (h *history) trimmed(e osdmap.Epoch) (history, error) {
	m, err := h.at(e)
	if err != nil {
		return history{}, err
	}
	short := history{base: m}
	i := e - h.oldest()
	err = h.each(e+1, func(m *osdmap.Map) bool {
		short.add(h.changes[i], m)
		i++
		return true
	})
	return short, err
}

// readHistory reads the maps that a superblock speaks of.
func readHistory(r store.Reader, s *superblock) (history, error) {
	if s.Newest == 0 {
		return history{base: osdmap.New(s.FSID, 0)}, nil
	}
	b, err := readAll(r, wholeKey(s.Base))
	if err != nil {
		return history{}, fmt.Errorf("read map %d: %w", s.Base, err)
	}
	m, err := osdmap.DecodeMap(b)
	if err != nil {
		return history{}, fmt.Errorf("read map %d: %w", s.Base, err)
	}
	h := history{base: m}
	for e := s.Base + 1; e <= s.Newest; e++ {
		b, err := readAll(r, changeKey(e))
		if err != nil {
			return history{}, fmt.Errorf("read change %d: %w", e, err)
		}
		if m, err = apply(m, b); err != nil {
			return history{}, err
		}
		h.add(b, m)
	}
	return h, nil
}
