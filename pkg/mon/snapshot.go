package mon

import (
	"fmt"

	"zeph/pkg/core"
	"zeph/pkg/osdmap"
)

// snapshot is the form in which a State is written. One state has one encoding.
type snapshot struct {
	Version       uint64           `cbor:"1,keyasint"`
	Time          osdmap.UnixMilli `cbor:"2,keyasint"`
	Base          []byte           `cbor:"3,keyasint,omitempty"` // the oldest map; empty: there is none
	Changes       [][]byte         `cbor:"4,keyasint,omitempty"` // all after it
	FirstLine     uint64           `cbor:"5,keyasint"`
	Lines         []wireLine       `cbor:"6,keyasint,omitempty"`
	FirstAnswer   uint64           `cbor:"7,keyasint"`
	Answers       []answer         `cbor:"8,keyasint,omitempty"`
	ConfigVersion uint64           `cbor:"9,keyasint"`
	Config        []configEdit     `cbor:"10,keyasint,omitempty"`
	Mons          []Mon            `cbor:"11,keyasint,omitempty"`
	MonsVersion   uint64           `cbor:"12,keyasint,omitzero"`
}

// Encode is a state as bytes.
func (machine) Encode(s core.State) ([]byte, error) {
	st := s.(*State)
	snap := snapshot{
		Version: st.version, Time: st.time, Changes: st.changes.slice(),
		FirstLine: st.lines.start, Lines: st.lines.slice(), FirstAnswer: st.answers.start, Answers: st.answers.slice(),
		ConfigVersion: st.configVersion, Config: st.config, Mons: st.mons, MonsVersion: st.monsVersion,
	}
	if st.base != nil {
		var err error
		if snap.Base, err = st.base.Encode(); err != nil {
			return nil, fmt.Errorf("mon: encode the map of epoch %d: %w", st.base.Epoch(), err)
		}
	}
	return encMode.Marshal(&snap)
}

// Decode reads what Encode wrote.
func (machine) Decode(b []byte) (core.State, error) {
	var snap snapshot
	if err := decMode.Unmarshal(b, &snap); err != nil {
		return nil, fmt.Errorf("mon: decode a state: %w", err)
	}
	st := &State{
		version: snap.Version, time: snap.Time, changes: listOf(0, snap.Changes),
		lines: listOf(snap.FirstLine, snap.Lines), answers: listOf(snap.FirstAnswer, snap.Answers),
		configVersion: snap.ConfigVersion, config: snap.Config, mons: snap.Mons, monsVersion: snap.MonsVersion,
	}
	if len(snap.Base) == 0 {
		return st, nil
	}
	return st, st.restoreMaps(snap.Base)
}

func (s *State) restoreMaps(base []byte) error {
	m, err := osdmap.DecodeMap(base)
	if err != nil {
		return fmt.Errorf("mon: decode a state: %w", err)
	}
	s.base, s.m, s.changes.start = m, m, uint64(m.Epoch())+1
	for _, b := range s.changes.slice() {
		c, err := osdmap.DecodeChange(b)
		if err != nil {
			return fmt.Errorf("mon: decode a state: %w", err)
		}
		if s.m, err = s.m.Apply(c); err != nil {
			return fmt.Errorf("mon: decode a state: %w", err)
		}
	}
	return nil
}
