package osd

import (
	"fmt"

	"zeph/pkg/osdmap"
	"zeph/pkg/placement"
	"zeph/pkg/store"
)

// history holds the maps of a run of epochs: the oldest one whole, the others as the changes that made
// them. Both are immutable; so a history may be read by whoever was given a copy of it.
type history struct {
	atlas   *placement.Atlas // where the maps are worked out
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
		next, err := h.atlas.Apply(m, h.changes[i])
		if err != nil {
			return err
		}
		m = next
	}
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
	short := history{atlas: h.atlas, base: m}
	i := e - h.oldest()
	err = h.each(e+1, func(m *osdmap.Map) bool {
		short.add(h.changes[i], m)
		i++
		return true
	})
	return short, err
}

// written is a history as the store has it.
type written struct {
	base    []byte // nil: there is none
	changes [][]byte
}

// readHistory reads the maps that a superblock speaks of.
func readHistory(r store.Reader, s *superblock) (w written, err error) {
	if s.Newest == 0 {
		return w, nil
	}
	if w.base, err = readAll(r, wholeKey(s.Base)); err != nil {
		return w, fmt.Errorf("read map %d: %w", s.Base, err)
	}
	for e := s.Base + 1; e <= s.Newest; e++ {
		b, err := readAll(r, changeKey(e))
		if err != nil {
			return w, fmt.Errorf("read change %d: %w", e, err)
		}
		w.changes = append(w.changes, b)
	}
	return w, nil
}

// historyOf makes the maps of what was written.
func historyOf(a *placement.Atlas, w *written, s *superblock) (history, error) {
	h := history{atlas: a, base: osdmap.New(s.FSID, 0)}
	if w.base == nil {
		return h, nil
	}
	m, err := a.Decode(w.base)
	if err != nil {
		return h, fmt.Errorf("read map %d: %w", s.Base, err)
	}
	h.base = m
	for _, b := range w.changes {
		if m, err = a.Apply(m, b); err != nil {
			return h, fmt.Errorf("read change %d: %w", h.newest()+1, err)
		}
		h.add(b, m)
	}
	return h, nil
}
