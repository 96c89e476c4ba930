package lab

import (
	"context"
	"errors"
)

// dialer reaches the monitors of a cluster.
type dialer func(ctx context.Context, clusterFile string) (Commander, error)

func (o *Options) dial() dialer {
	if o.connect != nil {
		return o.connect
	}
	return dial
}

func dial(ctx context.Context, clusterFile string) (Commander, error) {
	return nil, errors.New("lab: no client yet")
}
