// Package backend finds a transport by the name that a configuration has for it.
package backend

import (
	"fmt"
	"slices"
	"strings"

	"zeph/pkg/messenger"
	"zeph/pkg/messenger/inproc"
	"zeph/pkg/messenger/zmq"
)

// Default is the transport of real clusters.
const Default = "zmq"

var transports = []struct {
	name string
	make func(zmq.Settings) messenger.Transport
}{
	{"inproc", func(zmq.Settings) messenger.Transport { return inproc.New() }},
	{"zmq", zmq.New},
}

// Names lists the transports there are.
func Names() []string {
	var names []string
	for _, t := range transports {
		names = append(names, t.name)
	}
	return names
}

// Named makes the transport of a name; the empty name is the Default. The settings are for
// sockets and mean nothing to others. Each inproc transport is a network of its own: whoever
// wants to be reached inside the process shares one.
func Named(name string, s zmq.Settings) (messenger.Transport, error) {
	if name == "" {
		name = Default
	}
	for _, t := range transports {
		if t.name == name {
			return t.make(s), nil
		}
	}
	return nil, fmt.Errorf("unknown messenger %q: expected %s", name, strings.Join(slices.Sorted(slices.Values(Names())), " or "))
}
