package mem_test

import (
	"testing"

	"zeph/pkg/store"
	"zeph/pkg/store/mem"
	"zeph/pkg/store/storetest"
)

func TestContract(t *testing.T) {
	storetest.Run(t, func(t *testing.T, o storetest.Options) *storetest.Subject {
		s := mem.New(mem.Config{Size: o.Size, QueueTxns: o.QueueTxns})
		return &storetest.Subject{
			Store: s,
			Reopen: func(*testing.T) {
				_ = s.Close() // a test may have closed it
				s.Restart()
			},
			Damage: func(t *testing.T, what storetest.Target) { damage(t, s, what) },
		}
	})
}

func damage(t *testing.T, s *mem.Store, what storetest.Target) {
	t.Helper()
	var done bool
	switch what.Part {
	case store.PartData:
		done = s.Damage(what.Key, what.Off, 1)
	case store.PartObject:
		done = s.DamageRecord(what.Key)
	case store.PartPG:
		done = s.DamagePG(what.PG)
	case store.PartOmap:
		done = s.DamageRow(what.Key, what.Row)
	case store.PartRows:
		done = s.DamagePGRow(what.PG, what.Row)
	case store.PartLog:
		done = s.DamageLog(what.PG, what.At)
	}
	if !done {
		t.Fatalf("nothing to damage: %+v", what)
	}
}
