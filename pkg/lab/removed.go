package lab

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// removed are the monitors that must not start, and whose recovery was without them. zeph-mon recover leaves
// a file in the folder of the one that is left, with those that are no members any more, as name/store. Two
// of them could agree with each other, as a second cluster.
func (s *state) removed() map[string]string {
	without := make(map[string]string) // name/store → who was recovered
	for _, m := range s.of(Mon) {
		text, err := os.ReadFile(filepath.Join(m.Folder, "removed"))
		if err != nil {
			continue
		}
		for _, id := range strings.Fields(string(text)) {
			without[id] = m.Name
		}
	}
	found := make(map[string]string)
	for _, m := range s.of(Mon) {
		if by := without[m.ID()+"/"+m.store()]; by != "" {
			found[m.Name] = by
		}
	}
	return found
}

// store is the id of a monitor's store: somebody may have made its folder anew.
func (d *Daemon) store() string {
	text, _ := os.ReadFile(filepath.Join(d.Folder, "monitor"))
	for line := range strings.Lines(string(text)) {
		if id, ok := strings.CutPrefix(strings.TrimSpace(line), "store "); ok {
			return id
		}
	}
	return d.Store
}

// NotMemberError is of a monitor that must not start from its old folder.
type NotMemberError struct{ Mon, Recovered string }

func (e *NotMemberError) Error() string {
	return fmt.Sprintf("%s: is no member: %s was recovered without it (zeph-mon recover); with other old ones it would be a second cluster", e.Mon, e.Recovered)
}

// members are the monitors that may start.
func (u *upper) members() []*Daemon {
	var some []*Daemon
	for _, m := range u.s.of(Mon) {
		if u.removed[m.Name] == "" {
			some = append(some, m)
		}
	}
	return some
}

// leaveRemoved finds the monitors that must not start. There must be others.
func (u *upper) leaveRemoved() error {
	u.removed = u.s.removed()
	if len(u.members()) == 0 {
		m := u.s.of(Mon)[0]
		return &NotMemberError{m.Name, u.removed[m.Name]}
	}
	for _, m := range u.s.of(Mon) {
		if by := u.removed[m.Name]; by != "" {
			u.say("%-11s not started: no member since %s was recovered; if zeph mon ls still has it: zeph mon rm %s --yes", "mon "+m.ID(), by, m.ID())
		}
	}
	return nil
}
