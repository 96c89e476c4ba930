package messengertest

import (
	"fmt"
	"sync"

	"zeph/pkg/messenger/messengertest/script"
)

// ledger knows of every message that was handed to a messenger whether it was given back.
type ledger struct {
	log   *script.Log
	mu    sync.Mutex
	names []string
	freed []int
}

// lend notes a message, and makes its Free. What was given back is cleared at once: its owner
// may use the memory for something else.
func (l *ledger) lend(name string, memory ...[]byte) func() {
	l.mu.Lock()
	defer l.mu.Unlock()
	number := len(l.names)
	l.names = append(l.names, name)
	l.freed = append(l.freed, 0)
	return func() {
		l.mu.Lock()
		l.freed[number]++
		times := l.freed[number]
		l.mu.Unlock()
		if times > 1 {
			l.log.Wrong("%s was freed %d times", name, times)
			return
		}
		for _, b := range memory {
			clear(b)
		}
	}
}

// check is called when all messengers are closed.
func (l *ledger) check() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for number, times := range l.freed {
		if times == 0 {
			return fmt.Errorf("%s was never freed", l.names[number])
		}
	}
	return nil
}
