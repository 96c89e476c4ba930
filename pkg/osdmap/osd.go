package osdmap

import (
	"slices"
	"strings"

	"zeph/pkg/crush"
)

// OSD is what the map says of one OSD. Where it stands is in the CRUSH map.
type OSD struct {
	Up        bool // serving, as far as the monitors know
	Goodbye   bool // down, and it had stopped serving before: no lease of its last run is still held
	Destroyed bool // its store is gone for good and the id waits for a new one

	Weight          crush.Weight // 0 is out, crush.One is in; between, CRUSH passes it over that often
	OldWeight       crush.Weight // the weight before it was put out automatically; 0: it was not
	PrimaryAffinity crush.Weight // share of its turns as primary that it takes; by default crush.One

	Store UUID   // drawn by mkfs
	GID   uint64 // its present run, or the last one when down; 0: never up
	Addrs []Addr // of that run, ascending by name

	UpFrom Epoch // first epoch of its present, or last, time up
	UpThru Epoch // newest interval begin for which it is known to have been up as a primary
	DownAt Epoch // epoch that marked it down, last time
	LostAt Epoch // epoch that gave its data up, last time
}

// Addr is one address an OSD listens at. The name says for whom and for what class of
// messages, as in "public.control" or "cluster.heartbeat".
type Addr struct {
	Name string `cbor:"1,keyasint"`
	Addr string `cbor:"2,keyasint"`
}

// Addr finds an address by name.
func (o *OSD) Addr(name string) (string, bool) {
	i, ok := slices.BinarySearchFunc(o.Addrs, name, func(a Addr, name string) int { return strings.Compare(a.Name, name) })
	if !ok {
		return "", false
	}
	return o.Addrs[i].Addr, true
}

// sortAddrs copies addresses into the order of their names.
func sortAddrs(addrs []Addr) []Addr {
	return slices.SortedStableFunc(slices.Values(addrs), func(a, b Addr) int { return strings.Compare(a.Name, b.Name) })
}
