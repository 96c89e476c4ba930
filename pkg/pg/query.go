package pg

import (
	"encoding/json"
	"fmt"
	"slices"

	"zeph/pkg/core"
	"zeph/pkg/osdmap"
	"zeph/pkg/store"
	"zeph/pkg/wire"
)

// Query is the answer to "pg query": what the PG is, whom it waits for, and why.
type Query struct {
	PG       string         `json:"pgid"`
	State    string         `json:"state"`
	Epoch    osdmap.Epoch   `json:"epoch"`
	Up       []osdmap.OSDID `json:"up"`
	Acting   []osdmap.OSDID `json:"acting"`
	Primary  osdmap.OSDID   `json:"primary"`
	Phase    string         `json:"phase"`
	Why      string         `json:"why,omitempty"`
	Blocked  []osdmap.OSDID `json:"blocked_by,omitempty"`
	Interval osdmap.Epoch   `json:"same_interval_since"`

	Info    QueryInfo       `json:"info"`
	Past    []QueryInterval `json:"past_intervals"`
	Peers   []QueryPeer     `json:"peers,omitempty"`
	Leases  []QueryBound    `json:"older_leases,omitempty"`
	Lease   int64           `json:"lease_left_ms"`
	Unfound []string        `json:"unfound,omitempty"`
	Waiting int             `json:"operations_waiting"`
	Flight  int             `json:"writes_under_way"`
	Want    []osdmap.OSDID  `json:"want_acting,omitempty"`
}

// QueryInfo is what a copy is.
type QueryInfo struct {
	LastUpdate       string       `json:"last_update"`
	LogTail          string       `json:"log_tail"`
	LES              osdmap.Epoch `json:"last_epoch_started"`
	HistoryLES       osdmap.Epoch `json:"history_les"`
	LEC              osdmap.Epoch `json:"last_epoch_clean"`
	Created          osdmap.Epoch `json:"created"`
	Missing          uint64       `json:"missing"`
	Incomplete       bool         `json:"backfill_incomplete"`
	Damaged          bool         `json:"damaged,omitempty"` // it could not be read, and is filled anew
	Cursor           string       `json:"last_backfill,omitempty"`
	Objects          uint64       `json:"objects"`
	Bytes            uint64       `json:"bytes"`
	ScrubMS          uint64       `json:"last_scrub_ms,omitempty"`
	DeepMS           uint64       `json:"last_deep_scrub_ms,omitempty"`
	Inconsistent     uint64       `json:"inconsistent,omitempty"` // objects that the last scrub found so
	ResultsKept      int          `json:"results_kept,omitempty"`
	ResultsForgotten string       `json:"results_forgotten_upto,omitempty"`
}

// QueryInterval is a past interval.
type QueryInterval struct {
	First   osdmap.Epoch   `json:"first"`
	Last    osdmap.Epoch   `json:"last"`
	Acting  []osdmap.OSDID `json:"acting"`
	Wrote   bool           `json:"maybe_went_rw"`
	CutOff  bool           `json:"cut_off,omitempty"`
	Needed  bool           `json:"needed"`
	Answers bool           `json:"answered"`
}

// QueryPeer is another OSD.
type QueryPeer struct {
	OSD       osdmap.OSDID `json:"osd"`
	Role      string       `json:"role"`
	Heard     bool         `json:"heard"`
	Activated bool         `json:"activated"`
	Acked     string       `json:"acked,omitempty"`
	Missing   int          `json:"missing"`
	Slot      string       `json:"reservation,omitempty"`
	Info      *QueryInfo   `json:"info,omitempty"`
}

// QueryBound is a lease of an older interval that may still run.
type QueryBound struct {
	OSD  osdmap.OSDID `json:"osd"`
	Left int64        `json:"left_ms"`
}

// Query explains the PG. It becomes JSON.
func (pg *PG) Query() Query {
	iv := &pg.info.Interval
	mine := pg.info
	mine.Missing, mine.Objects, mine.Bytes = uint64(pg.missing.len()), pg.stats.Objects, pg.stats.Bytes
	q := Query{
		PG: pg.cfg.PG.String(), State: pg.State(), Epoch: pg.Epoch(), Up: slices.Clone(iv.Up), Acting: osdsOf(iv.Acting),
		Primary: iv.Primary, Interval: iv.First, Info: *queryInfo(&mine), Phase: "not the primary",
	}
	q.Info.ResultsKept, q.Info.ResultsForgotten = len(pg.dups.kept), pg.info.DupTail.String()
	for _, b := range pg.bounds {
		if b.until > pg.now.Mono && !pg.holdsLease(b.holder.GID) {
			q.Leases = append(q.Leases, QueryBound{b.holder.OSD, (b.until - pg.now.Mono).Milliseconds()})
		}
	}
	for _, past := range pg.info.Past {
		qi := QueryInterval{First: past.First, Last: past.Last, Acting: osdsOf(past.Acting), Wrote: past.Wrote, CutOff: past.CutOff}
		if pg.pri != nil {
			qi.Needed = past.Wrote && past.Last >= pg.info.HistoryLES && past.Last >= pg.info.LEC
			qi.Answers, _ = pg.answers(&past)
		}
		q.Past = append(q.Past, qi)
	}
	if pg.pri != nil {
		pg.queryPrimary(&q)
	}
	return q
}

func (pg *PG) queryPrimary(q *Query) {
	p := pg.pri
	q.Phase, q.Why, q.Blocked, q.Want = p.phase.String(), p.why, slices.Clone(p.blocked), slices.Clone(p.want)
	q.Lease = max(0, (p.leases.until - pg.now.Mono).Milliseconds())
	for _, k := range sortedKeys(p.recovery.unfound) {
		q.Unfound = append(q.Unfound, k.String())
	}
	for _, o := range p.writes.ops {
		if !o.done {
			q.Waiting++
		}
	}
	q.Flight = len(p.writes.flight)
	for _, peer := range p.peers {
		qp := QueryPeer{OSD: peer.id, Role: "stray", Heard: peer.info != nil, Activated: peer.activated, Missing: peer.missing.len()}
		switch {
		case pg.isActing(peer.id):
			qp.Role = "acting"
		case pg.isUp(peer.id):
			qp.Role = "backfill target"
		}
		if peer.acts() {
			qp.Acked = peer.acked.String()
		}
		switch {
		case peer.slot.granted:
			qp.Slot = "granted"
		case peer.slot.asked:
			qp.Slot = "asked"
		case pg.now.Mono < peer.slot.refused:
			qp.Slot = "refused"
		}
		if peer.info != nil && !peer.none {
			qp.Info = queryInfo(peer.info)
		}
		q.Peers = append(q.Peers, qp)
	}
}

func queryInfo(info *wire.PGInfo) *QueryInfo {
	q := &QueryInfo{
		LastUpdate: info.LastUpdate.String(), LogTail: info.LogTail.String(), LES: info.LES, HistoryLES: info.HistoryLES,
		LEC: info.LEC, Created: info.Created, Missing: info.Missing, Incomplete: info.Incomplete, Damaged: info.Damaged,
		Objects: info.Objects, Bytes: info.Bytes,
		ScrubMS: info.Scrubbed, DeepMS: info.DeepScrubbed, Inconsistent: info.Inconsistent,
	}
	if info.Incomplete && info.Cursor != (wire.Cursor{}) {
		q.Cursor = fmt.Sprintf("%08x:%s", info.Cursor.Hash, info.Cursor.Name)
	}
	return q
}

// whyWaiting says why an operation on an object waits, for people.
func (pg *PG) whyWaiting(k store.Key) string {
	p := pg.pri
	switch {
	case p.phase != active:
		return fmt.Sprintf("pg %v is %v: %s", pg.cfg.PG, pg.State(), p.why)
	case pg.peered():
		return fmt.Sprintf("pg %v has %d of at least %d copies", pg.cfg.PG, len(pg.acting()), pg.info.Interval.MinSize)
	case pg.olderLeases() > 0:
		return fmt.Sprintf("pg %v waits for a lease of an older interval to end", pg.cfg.PG)
	case !pg.leaseHeld():
		return fmt.Sprintf("pg %v has no lease", pg.cfg.PG)
	}
	if _, lost := p.recovery.unfound[k]; lost {
		return fmt.Sprintf("pg %v: no copy of it is found", pg.cfg.PG)
	}
	if pg.missing.has(k) && pg.now.Mono < p.recovery.full {
		return fmt.Sprintf("pg %v: the store of %v is too full to recover it", pg.cfg.PG, pg.cfg.OSD)
	}
	if pg.missing.has(k) {
		return fmt.Sprintf("pg %v: it is being recovered", pg.cfg.PG)
	}
	return fmt.Sprintf("pg %v: others are before it", pg.cfg.PG)
}

// command carries out an operator's command.
func (pg *PG) command(r core.Received, c *wire.Command) {
	if pg.pri == nil && c.Name != "pg query" {
		pg.fail(r.Request, wire.WrongPrimary.Errorf("pg %v: epoch %d has %v", pg.cfg.PG, pg.Epoch(), pg.info.Interval.Primary))
		return
	}
	switch c.Name {
	case "pg query":
		pg.answerJSON(r.Request, "", pg.Explain())
	case "pg unfound list":
		pg.listUnfound(r.Request)
	case "pg unfound delete", "pg unfound revert":
		pg.giveUp(r.Request, c.Name == "pg unfound revert")
	default:
		pg.scrubCommand(r.Request, c)
	}
}

func (pg *PG) answerJSON(to core.Request, text string, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		pg.fail(to, wire.Internal.Errorf("pg %v: %v", pg.cfg.PG, err))
		return
	}
	pg.emit(core.Reply{To: to, Epoch: pg.Epoch(), Body: &wire.CommandReply{Text: text, Epoch: pg.Epoch(), Size: uint64(len(b))}, Bulk: b})
}
