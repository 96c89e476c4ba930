package messenger_test

import (
	"strings"
	"testing"
	"time"

	"zeph/pkg/messenger"
	"zeph/pkg/messenger/inproc"
)

// TestValidateNamesEverything: all that is wrong with a configuration is said at once.
func TestValidateNamesEverything(t *testing.T) {
	bad := messenger.Config{Listen: map[string]string{"date": "inproc://*", "data": "inproc://*"}}
	bad.Limits.Class[0].Window = 100
	bad.Limits.Stall = -time.Second
	err := bad.Validate()
	if err == nil {
		t.Fatal("accepted")
	}
	for _, want := range []string{"entity", "gid", "transport", `"date"`, "class control: 100 bytes", "negative"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q does not say %s", err, want)
		}
	}
	good := messenger.Config{Entity: entity(t, "osd.1"), GID: 7, Transport: inproc.New()}
	if err := good.Validate(); err != nil {
		t.Error(err)
	}
}

// TestListenIsAllOrNothing: when one place cannot be opened, none stays open, and the error names
// it.
func TestListenIsAllOrNothing(t *testing.T) {
	network := inproc.New()
	cfg := messenger.Config{Entity: entity(t, "osd.1"), GID: 7, Transport: network,
		Listen: map[string]string{"data": "inproc://a", "control": "nonsense"}}
	if _, err := messenger.New(cfg); err == nil || !strings.Contains(err.Error(), "listen for control on nonsense") {
		t.Fatalf("%v", err)
	}
	cfg.Listen = map[string]string{"data": "inproc://a"}
	m, err := messenger.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	m.Close(t.Context())
}
