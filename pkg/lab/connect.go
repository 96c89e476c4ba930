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
	return client.Connect(ctx, client.Config{Cluster: cluster, Transport: zmq.New(zmq.Settings{}), Name: "lab"})
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
