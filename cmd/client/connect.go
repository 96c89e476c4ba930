package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"

	"zeph/pkg/client"
	"zeph/pkg/lab"
	"zeph/pkg/messenger/zmq"
	"zeph/pkg/osdmap"
	"zeph/pkg/world"
)

// clusterFile is where the cluster's monitors are told: --cluster, $ZEPH_CLUSTER, ./zeph.yaml, then
// the lab that runs.
func (a *app) clusterFile() (string, error) {
	if path := a.namedCluster(); path != "" {
		return path, nil
	}
	l, err := lab.RunningLab()
	if errors.Is(err, lab.ErrNotRunning) {
		return "", next(errors.New("no cluster: no --cluster, no $ZEPH_CLUSTER, no ./zeph.yaml, and no lab is running"), "start one: zeph lab up")
	}
	if err != nil {
		return "", next(err, "say which one: --cluster FILE")
	}
	return l.ClusterFile(), nil
}

// namedCluster is the cluster file that somebody named or put here: --cluster, $ZEPH_CLUSTER, ./zeph.yaml.
func (a *app) namedCluster() string {
	if a.cluster != "" {
		return a.cluster
	}
	if path := os.Getenv("ZEPH_CLUSTER"); path != "" {
		return path
	}
	const here = "zeph.yaml"
	if _, err := os.Stat(here); err == nil {
		return here
	}
	return ""
}

// openClient connects to the cluster. Waits are told on stderr.
func openClient(ctx context.Context, a *app) (*client.Client, error) {
	path, err := a.clusterFile()
	if err != nil {
		return nil, err
	}
	cluster, err := world.ReadCluster(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, next(fmt.Errorf("cluster file %s: %w", path, pathCause(err)), "zeph lab up writes one into the lab's folder")
	}
	if err != nil {
		return nil, err
	}
	c, err := client.Connect(ctx, client.Config{
		Cluster: cluster, Transport: zmq.New(zmq.Settings{}), Timeout: a.timeout, Software: "zeph " + thisBuild().Version,
		OnWaiting: a.waits(),
	})
	if err != nil {
		return nil, next(err, "is it running? cluster file: %s", path)
	}
	return c, nil
}

// waits tells on stderr what operations wait for, each reason once in a row.
func (a *app) waits() func(why string) {
	var mu sync.Mutex
	var last string
	return func(why string) {
		mu.Lock()
		defer mu.Unlock()
		if why != last {
			fmt.Fprintf(a.stderr, "zeph: waits: %s\n", why)
		}
		last = why
	}
}

// clusterConnection is how commands reach a cluster.
type clusterConnection struct{ *client.Client }

func connectCluster(ctx context.Context, a *app) (commander, error) {
	c, err := openClient(ctx, a)
	if err != nil {
		return nil, err
	}
	return clusterConnection{c}, nil
}

func (c clusterConnection) MonCommand(ctx context.Context, name string, args map[string]string) ([]byte, string, error) {
	return parts(c.Client.MonCommand(ctx, name, args))
}

func (c clusterConnection) PGCommand(ctx context.Context, pg, name string, args map[string]string) ([]byte, string, error) {
	id, err := osdmap.ParsePGID(pg)
	if err != nil {
		return nil, "", err
	}
	return parts(c.Client.PGCommand(ctx, id, name, args))
}

func parts(answer *client.Answer, err error) ([]byte, string, error) {
	if err != nil {
		return nil, "", err
	}
	return answer.JSON, answer.Text, nil
}
