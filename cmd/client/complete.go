package main

import (
	"context"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"zeph/pkg/status"
)

// completeTime is how long a person who pressed Tab may wait for a cluster.
const completeTime = time.Second

// completes asks the cluster for words. One that does not answer has none.
func completes[T any](a *app, name string, words func(*T) []string) func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return func(cmd *cobra.Command, _ []string, begin string) ([]string, cobra.ShellCompDirective) {
		ctx, cancel := context.WithTimeout(cmd.Context(), completeTime)
		defer cancel()
		c, err := a.dial(ctx)
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		defer c.Close()
		raw, _, err := c.MonCommand(ctx, name, nil)
		value := new(T)
		if err != nil || unmarshalAnswer(raw, value) != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		var fit []string
		for _, w := range words(value) {
			if strings.HasPrefix(w, begin) {
				fit = append(fit, w)
			}
		}
		return fit, cobra.ShellCompDirectiveNoFileComp
	}
}

func (a *app) completeOSDs(cmd *cobra.Command, args []string, begin string) ([]string, cobra.ShellCompDirective) {
	return completes(a, "osd ls", func(l *status.OSDList) []string {
		var words []string
		for _, o := range l.OSDs {
			words = append(words, o.ID.String())
		}
		return words
	})(cmd, args, begin)
}

func (a *app) completePools(cmd *cobra.Command, args []string, begin string) ([]string, cobra.ShellCompDirective) {
	return completes(a, "pool ls", func(l *status.Pools) []string {
		var words []string
		for _, p := range l.Pools {
			words = append(words, p.Name)
		}
		return words
	})(cmd, args, begin)
}

// completeObject completes the pool of an object, and after it a file's name.
func (a *app) completeObject(cmd *cobra.Command, args []string, begin string) ([]string, cobra.ShellCompDirective) {
	if len(args) == 1 {
		return nil, cobra.ShellCompDirectiveDefault
	}
	return a.completePools(cmd, args, begin)
}

func (a *app) completeMons(cmd *cobra.Command, args []string, begin string) ([]string, cobra.ShellCompDirective) {
	return completes(a, "mon ls", func(l *status.MonList) []string {
		var words []string
		for _, m := range l.Mons {
			words = append(words, m.Name)
		}
		return words
	})(cmd, args, begin)
}
