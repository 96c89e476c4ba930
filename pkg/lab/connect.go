package lab

import (
	"context"

	"zeph/pkg/client"
	"zeph/pkg/messenger/zmq"
	"zeph/pkg/world"
)

// Connect connects a client to the lab's cluster.
func (l *Lab) Connect(ctx context.Context) (*client.Client, error) {
	cluster, err := world.ReadCluster(l.ClusterFile())
	if err != nil {
		return nil, err
	}
	s, err := l.load()
	if err != nil {
		return nil, err
	}
	return client.Connect(ctx, client.Config{Cluster: cluster, Transport: zmq.New(l.from(s, FirstClient)), Name: "lab"})
}

// From are the settings for a client at a node of the lab's network: at one that is for clients alone, client.0, client.1
// and so on, or at a daemon's, whose side of every cut it shares. Without Options.Netns all share the machine's.
func (l *Lab) From(ctx context.Context, node string) (zmq.Settings, error) {
	var settings zmq.Settings
	err := l.edit(ctx, func(s *state) error {
		settings = l.from(s, node)
		if !s.Netns {
			return nil
		}
		return l.wire(s, node)
	})
	return settings, err
}

func (l *Lab) from(s *state, node string) zmq.Settings {
	if !s.Netns {
		return zmq.Settings{}
	}
	return zmq.Settings{Dial: DialFrom(l.namespace(node))}
}

// dialer reaches the monitors of a lab.
type dialer func(context.Context, *Lab) (commander, error)

func (o *Options) dial() dialer {
	if o.connect != nil {
		return o.connect
	}
	return func(ctx context.Context, l *Lab) (commander, error) {
		c, err := l.Connect(ctx)
		if err != nil {
			return nil, err
		}
		return asker{c}, nil
	}
}

// commander asks monitors.
type commander interface {
	// MonCommand gives a command to any monitor; the answer is JSON.
	MonCommand(ctx context.Context, name string, args map[string]string) ([]byte, error)
	Close() error
}

// asker makes a commander of a client.
type asker struct{ *client.Client }

func (a asker) MonCommand(ctx context.Context, name string, args map[string]string) ([]byte, error) {
	answer, err := a.Client.MonCommand(ctx, name, args)
	if err != nil {
		return nil, err
	}
	return answer.JSON, nil
}
