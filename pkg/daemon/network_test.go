package daemon

import (
	"strings"
	"testing"
)

func TestAddrIn(t *testing.T) {
	t.Parallel()
	if got, err := AddrIn("127.0.0.0/8"); err != nil || got != "127.0.0.1" {
		t.Errorf("the loopback network: %q, %v", got, err)
	}
	for network, want := range map[string]string{
		"203.0.113.0/24": "no address of this machine is in 203.0.113.0/24",
		"127.0.0.1":      "expected a network, such as 10.0.0.0/24",
		"":               "expected a network",
	} {
		if got, err := AddrIn(network); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %q, %v; expected %q", network, got, err, want)
		}
	}
}
