package core

import "zeph/pkg/wire"

// Machine is the state that a replicated log makes: a pure function of its commands. States are
// immutable values; whoever holds one may keep it.
type Machine interface {
	// New is the state before the first command.
	New() State

	// Apply is the state after one more command, and what to tell whoever proposed it. It must
	// not fail: a command that makes no sense changes nothing, and the result says why.
	Apply(s State, index uint64, command []byte) (State, any)

	// Encode and Decode are for snapshots.
	Encode(s State) ([]byte, error)
	Decode(b []byte) (State, error)
}

// State is a value of a Machine.
type State any

// Propose asks the log to agree on a command. Only a leader can; it ends with Proposed.
type Propose struct {
	Token   Token
	Command []byte
}

// Barrier ends with Proposed once the state holds everything that was acknowledged by anyone
// before the Barrier was asked for.
type Barrier struct {
	Token Token
}

// Proposed ends a Propose, Barrier or ChangeMembers.
type Proposed struct {
	Token   Token
	Outcome Outcome
	Index   uint64 // of the command
	Result  any    // of Machine.Apply, when committed
	Err     error  // for people, when not
}

// Outcome is what became of a proposal.
type Outcome uint8

// The outcomes.
const (
	Committed Outcome = iota + 1 // agreed, and applied here: Applied came before
	Refused                      // nothing happened and nothing will: not the leader, no room
	Unknown                      // it may be agreed, now or later
)

// String is the outcome's name.
func (o Outcome) String() string {
	switch o {
	case Committed:
		return "committed"
	case Refused:
		return "refused"
	}
	return "unknown"
}

// Leading says who leads, as far as this member knows. Announcements may be late, merged or missing.
type Leading struct {
	Term   uint64
	Me     bool        // this member may propose
	Leader wire.Entity // zero: not known
}

// Applied says that the state has moved on, past the commands From to To. From is To+1 after a
// restart or when a snapshot replaced the state.
type Applied struct {
	From, To uint64
	State    State
}

// Members says who is a member of the log, after a change and once at the start.
type Members struct {
	Members []Member
}

// Member is one voter of the log.
type Member struct {
	Name  string // a monitor's, such as "a"
	ID    string // name and store: an emptied monitor is another member
	Addr  string // where its control class listens
	Voter bool
}

// ChangeMembers changes who votes, or who leads. It ends with Proposed.
type ChangeMembers struct {
	Token  Token
	Action MemberAction
	Member Member
}

// MemberAction is what ChangeMembers does.
type MemberAction uint8

// The actions.
const (
	AddMember MemberAction = iota + 1
	RemoveMember
	TransferTo
)
