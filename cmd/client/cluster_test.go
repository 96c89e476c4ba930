package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"zeph/pkg/wire"
)

func TestMain(m *testing.M) {
	time.Local = time.UTC // what the scripts show does not depend on where they run
	os.Exit(m.Run())
}

// recorded is a cluster that answers from testdata/cluster. A command that has no answer there is
// one that changes something: it says what it was asked for.
type recorded struct{}

func fakeCluster(_ context.Context, a *app) (commander, error) {
	if a.cluster == "none.yaml" {
		return nil, next(wire.NoQuorum.Errorf("2 of 3 monitors do not answer"), "see: zeph lab ls")
	}
	return recorded{}, nil
}

func (recorded) MonCommand(_ context.Context, name string, args map[string]string) ([]byte, string, error) {
	path := "cluster/" + strings.ReplaceAll(name, " ", "_") + ".json"
	text, err := os.ReadFile(path)
	if err == nil {
		return text, "", nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, "", err
	}
	var words []string
	for k, v := range args {
		words = append(words, k+"="+v)
	}
	slices.Sort(words)
	return nil, fmt.Sprintf("asked for: %s, %s", name, strings.Join(words, ", ")), nil
}

func (r recorded) PGCommand(ctx context.Context, pg, name string, args map[string]string) ([]byte, string, error) {
	text, talk, err := r.MonCommand(ctx, name, args)
	if talk != "" {
		talk = "pg " + pg + " " + talk
	}
	return text, talk, err
}

func (recorded) Close() error { return nil }
