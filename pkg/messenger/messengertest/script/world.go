package script

// World is where scripts are played: nodes, with links between them.
type World interface {
	// Do carries out a command, and does not wait for what comes of it. The nodes of a command
	// exist. An error says that the world cannot do that.
	Do(*Command) error

	// Wait lets the world go on until done says yes, or it has waited long enough for anything
	// to happen that will. It reports what done said last.
	Wait(done func() bool) bool

	// Settle lets the world go on for as long as anything happens without time passing. Where
	// nobody can tell, on a wall clock, it does nothing.
	Settle()

	// State is what a node has on its hands.
	State(node string) State

	// End stops all nodes and reports what was wrong that no script sees, such as memory that
	// was not given back.
	End() error
}

// State is what a node has on its hands.
type State struct {
	Kept   int // messages, because of Hold
	Held   int // bytes that it received and has not let go of
	Queued int // bytes that it has to send
	Calls  int // that it waits for
	Heard  int // peers that subscribe to its hints
	Lost   int // reports that it dropped so far
}

// Open makes a world that tells the log what its nodes see. It reports false if it does not model
// one of the features that a script needs.
type Open func(log *Log, needs []string) (World, bool)
