package lab

import (
	"context"
	"fmt"

	"zeph/pkg/client"
	"zeph/pkg/messenger/zmq"
	"zeph/pkg/world"
)

// Connect connects a client to the lab's cluster.
func (l *Lab) Connect(ctx context.Context) (*client.Client, error) {
	s, err := l.load()
	if err != nil {
		return nil, err
	}
	if !s.Netns {
		return l.connect(ctx, zmq.Settings{})
	}
	return l.connect(ctx, zmq.Settings{Dial: DialFrom(l.namespace(firstClient))})
}

// ConnectFrom connects a client from a node of the lab's network, which must have been made with Options.Netns: from
// one of its own, client.0, client.1 and so on, or from a daemon's, whose side of every cut it shares.
func (l *Lab) ConnectFrom(ctx context.Context, node string) (*client.Client, error) {
	err := l.edit(ctx, func(s *state) error {
		if !s.Netns {
			return fmt.Errorf("%s: all clients share the machine's network here: the lab was made without namespaces", node)
		}
		return l.wire(s, node)
	})
	if err != nil {
		return nil, err
	}
	return l.connect(ctx, zmq.Settings{Dial: DialFrom(l.namespace(node))})
}

func (l *Lab) connect(ctx context.Context, settings zmq.Settings) (*client.Client, error) {
	cluster, err := world.ReadCluster(l.ClusterFile())
	if err != nil {
		return nil, err
	}
	return client.Connect(ctx, client.Config{Cluster: cluster, Transport: zmq.New(settings), Name: "lab"})
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
