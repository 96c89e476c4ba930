package consensus

import (
	"bytes"
	"strings"

	"github.com/hashicorp/raft"

	"zeph/pkg/core"
	"zeph/pkg/wire"
)

// MemberID is the id of a monitor in the log: its name and its store (protocol 14.6). One that lost its
// store is another member: its forgotten vote could elect two leaders in one term.
func MemberID(name, store string) string { return name + "/" + store }

// nameOf is the monitor's name in an id.
func nameOf(id string) string {
	name, _, _ := strings.Cut(id, "/")
	return name
}

// storeOf is the store's uuid in an id.
func storeOf(id string) string {
	_, store, _ := strings.Cut(id, "/")
	return store
}

func entityOf(id string) wire.Entity {
	e, _ := wire.ParseEntity("mon." + nameOf(id)) // the zero entity, of an id that is none
	return e
}

// A peer goes over the wire as its id and address: raft keeps these bytes as its vote, and compares them, so
// a vote is for an id and not for whoever listens at an address.

func encodePeer(id raft.ServerID, addr raft.ServerAddress) []byte {
	return []byte(string(id) + "\n" + string(addr))
}

func decodePeer(b []byte) raft.ServerAddress {
	return raft.ServerAddress(b[bytes.IndexByte(b, '\n')+1:])
}

func memberOf(s raft.Server) core.Member {
	return core.Member{Name: nameOf(string(s.ID)), ID: string(s.ID), Addr: string(s.Address), Voter: s.Suffrage == raft.Voter}
}

func membersOf(c raft.Configuration) []core.Member {
	members := make([]core.Member, 0, len(c.Servers))
	for _, s := range c.Servers {
		members = append(members, memberOf(s))
	}
	return members
}

func configurationOf(members []core.Member) raft.Configuration {
	var c raft.Configuration
	for _, m := range members {
		s := raft.Server{ID: raft.ServerID(m.ID), Address: raft.ServerAddress(m.Addr), Suffrage: raft.Nonvoter}
		if m.Voter {
			s.Suffrage = raft.Voter
		}
		c.Servers = append(c.Servers, s)
	}
	return c
}
