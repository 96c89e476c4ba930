package messenger

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestBudgetWaitsForRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBudget(100)
		if !b.acquire(70, nil, nil) {
			t.Fatal("no room in an empty budget")
		}
		got := make(chan bool, 1)
		evictions := 0
		go func() { got <- b.acquire(40, nil, func() { evictions++ }) }()
		time.Sleep(patience * 3 / 2)
		synctest.Wait()
		select {
		case <-got:
			t.Fatal("70 and 40 bytes in a budget of 100")
		default:
		}
		if evictions != 1 {
			t.Errorf("%d evictions in one and a half times the patience", evictions)
		}
		b.release(70)
		if !<-got {
			t.Error("gave up")
		}
		if used := b.used.Load(); used != 40 {
			t.Errorf("%d bytes used, want 40", used)
		}
	})
}

func TestBudgetGivesAnyAmountWhenEmpty(t *testing.T) {
	b := newBudget(10)
	if !b.try(1000) {
		t.Error("a message longer than the budget can never arrive")
	}
	if b.try(1) {
		t.Error("and then there was room for more")
	}
}

func TestBudgetGivesUpWhenDone(t *testing.T) {
	b := newBudget(10)
	b.try(10)
	done := make(chan struct{})
	close(done)
	if b.acquire(1, done, func() {}) {
		t.Error("room out of nowhere")
	}
}

// TestBudgetWakesAll: whoever fits goes on, however many wait.
func TestBudgetWakesAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBudget(100)
		b.try(100)
		done := make(chan bool)
		for range 10 {
			go func() { done <- b.acquire(10, nil, func() {}) }()
		}
		synctest.Wait()
		b.release(100)
		for range 10 {
			if !<-done {
				t.Error("gave up")
			}
		}
	})
}
