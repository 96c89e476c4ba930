package main

import (
	"strings"
	"testing"
	"time"
)

func TestLoadArgs(t *testing.T) {
	for _, l := range []load{
		{oneWay: false, size: 0, window: 1, warm: 0, cell: time.Millisecond},
		{oneWay: true, size: 4 << 20, window: 1, warm: 300 * time.Millisecond, cell: 400 * time.Millisecond},
	} {
		if got, err := parseLoad(l.args()); err != nil || got != l {
			t.Errorf("%v: came back as %v, %v", l, got, err)
		}
	}
	for _, args := range []string{"", "call", "call 1 2 3", "call 1 2 3 4 5", "shout 1 2 3 4", "call -1 2 3 4", "call 1 x 3 4"} {
		if l, err := parseLoad(strings.Fields(args)); err == nil {
			t.Errorf("%q: no error but %v", args, l)
		}
	}
}

func TestCapped(t *testing.T) {
	tests := []struct{ size, window, want int }{
		{0, 256, 256}, {4 << 10, 256, 256}, {64 << 10, 256, 256}, {4 << 20, 256, 16}, {4 << 20, 1, 1},
	}
	for _, tt := range tests {
		if got := (load{size: tt.size, window: tt.window}).capped().window; got != tt.want {
			t.Errorf("%d of %s: %d, expected %d", tt.window, sizeName(tt.size), got, tt.want)
		}
	}
}
