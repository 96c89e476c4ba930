package chaos

import (
	"zeph/pkg/lab"
)

// netnsTarget is a lab whose daemons live in a network namespace each, with an address of their own. A router between
// them holds the cuts, so that clients can be told apart: one can be beside a daemon, in its namespace, and then it is
// cut off with it.
type netnsTarget struct{ *labTarget }

func openNetns(o Options) (Target, error) { return netnsTarget{&labTarget{opts: o, netns: true}}, nil }

func (t netnsTarget) Can(verb string) error {
	if err := lab.CanNetns(); err != nil {
		return err // there is no such target here
	}
	return t.labTarget.Can(verb)
}
