package backend

import (
	"strings"
	"testing"

	"zeph/pkg/messenger/zmq"
)

func TestNamed(t *testing.T) {
	for _, name := range append(Names(), "") {
		tr, err := Named(name, zmq.Settings{})
		if err != nil {
			t.Errorf("%q: %v", name, err)
			continue
		}
		if want := name; tr.Name() != want && (want != "" || tr.Name() != Default) {
			t.Errorf("%q makes %q", name, tr.Name())
		}
	}
}

func TestUnknownNameListsThem(t *testing.T) {
	_, err := Named("carrier-pigeon", zmq.Settings{})
	if err == nil {
		t.Fatal("accepted")
	}
	for _, want := range append(Names(), `"carrier-pigeon"`) {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q does not name %s", err, want)
		}
	}
}
