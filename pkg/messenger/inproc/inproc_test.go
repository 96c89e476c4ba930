package inproc

import (
	"testing"

	"zeph/pkg/messenger"
	"zeph/pkg/messenger/messengertest"
)

var backend = messengertest.Backend{
	Transport: func(testing.TB) messenger.Transport { return New() },
	Endpoint:  func(testing.TB) string { return "inproc://*" },
}

func TestContract(t *testing.T) {
	messengertest.Run(t, backend)
}

func TestContractInBubbles(t *testing.T) {
	messengertest.RunBubbles(t, backend)
}
