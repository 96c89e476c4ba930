package main

import (
	"io"
	"slices"
	"strings"
	"testing"
)

func TestOptions(t *testing.T) {
	o, err := parseOptions(strings.Fields("-only raw,stock -sizes 0,512B,4KiB,4MiB -windows 1,64,256 -parts call,oneway"), io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	if got := names(o.variants); got != "raw,stock" {
		t.Errorf("variants %s", got)
	}
	if want := []int{0, 512, 4096, 4 << 20}; !slices.Equal(o.sizes, want) {
		t.Errorf("sizes %v", o.sizes)
	}
	var got []string
	for _, l := range o.loads() {
		got = append(got, l.String())
	}
	if last := got[len(got)-3:]; !slices.Equal(last, []string{"4 MiB, 1 in flight", "4 MiB, 16 in flight", "4 MiB one way"}) {
		t.Errorf("loads of 4 MiB: %q", last)
	}
}

func TestOptionsRefused(t *testing.T) {
	tests := []struct{ args, want string }{
		{"-only raw,zmq", `unknown variant "zmq"`},
		{"-parts calls", `unknown part "calls"`},
		{"-sizes 4K", `size "4K"`},
		{"-sizes -1", `size "-1"`},
		{"-sizes 17MiB", `size "17MiB"`},
		{"-sizes 9999999999999999999", "size"},
		{"-windows 0", `window "0"`},
		{"-windows 5000", `window "5000"`},
		{"-rounds 0", "-rounds 0"},
		{"-cell 0s", "-cell 0s"},
		{"-warm -1s", "-warm -1s"},
		{"-warm 2h", "-warm 2h"},
		{"-o html", `-o "html"`},
		{"now", `unexpected argument "now"`},
		{"-sizes x -o html", `-o "html"`}, // everything that is wrong
	}
	for _, tt := range tests {
		if _, err := parseOptions(strings.Fields(tt.args), io.Discard); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, expected %s", tt.args, err, tt.want)
		}
	}
}
