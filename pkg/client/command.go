package client

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"zeph/pkg/core"
	"zeph/pkg/objecter"
	"zeph/pkg/osdmap"
	"zeph/pkg/wire"
)

// Args are a command's arguments, by name.
type Args map[string]string

// Answer is what a command gave.
type Answer struct {
	Text  string       // for people
	JSON  []byte       // what was asked for; may be empty
	Epoch osdmap.Epoch // of the osdmap that shows what was done; 0: it changed none
}

// MonCommand asks the monitors, such as "osd out" with {"id": "3"}. A command that may change something is carried
// out at most once; if nobody knows whether it was, the error is ErrUnknown.
func (c *Client) MonCommand(ctx context.Context, name string, args Args) (*Answer, error) {
	return c.command(ctx, name, args, func(tok core.Token, args []wire.Setting, timeout time.Duration) core.Event {
		return objecter.MonCommand{Token: tok, Name: name, Args: args, Timeout: timeout}
	})
}

// PGCommand asks the primary of a PG, such as "pg query".
func (c *Client) PGCommand(ctx context.Context, pg osdmap.PGID, name string, args Args) (*Answer, error) {
	all := Args{"pg": pg.String()}
	for k, v := range args {
		all[k] = v
	}
	return c.command(ctx, name, all, func(tok core.Token, args []wire.Setting, timeout time.Duration) core.Event {
		return objecter.OSDCommand{Token: tok, PG: pg, Name: name, Args: args, Timeout: timeout}
	})
}

// OSDCommand asks an OSD.
func (c *Client) OSDCommand(ctx context.Context, osd osdmap.OSDID, name string, args Args) (*Answer, error) {
	return c.command(ctx, name, args, func(tok core.Token, args []wire.Setting, timeout time.Duration) core.Event {
		return objecter.OSDCommand{Token: tok, OSD: osd, Name: name, Args: args, Timeout: timeout}
	})
}

// command asks until the whole of a long answer is there.
func (c *Client) command(ctx context.Context, name string, args Args,
	event func(core.Token, []wire.Setting, time.Duration) core.Event) (*Answer, error) {
	var all *Answer
	for {
		d, err := c.do(ctx, func(tok core.Token, timeout time.Duration) core.Event {
			return event(tok, settings(args, all), timeout)
		})
		if err != nil {
			return nil, named(name, err)
		}
		reply := d.Body.(*wire.CommandReply)
		if all == nil {
			all = &Answer{Text: reply.Text, Epoch: reply.Epoch}
		}
		all.JSON = append(all.JSON, d.Bulk...)
		if uint64(len(all.JSON)) >= reply.Size || len(d.Bulk) == 0 {
			all.JSON = bytes.TrimSpace(all.JSON)
			return all, nil
		}
	}
}

// named says of which command an error is, unless it says so itself.
func named(command string, err error) error {
	var e *wire.Error
	if errors.As(err, &e) && strings.HasPrefix(e.Text, command+":") {
		return err
	}
	return fmt.Errorf("%s: %w", command, err)
}

// settings are arguments as they travel: with where to go on, if there is something already.
func settings(args Args, so *Answer) []wire.Setting {
	var list []wire.Setting
	for _, name := range sortedKeys(args) {
		list = append(list, wire.Setting{Name: name, Value: args[name]})
	}
	if so != nil {
		list = append(list, wire.Setting{Name: "offset", Value: strconv.Itoa(len(so.JSON))})
	}
	return list
}
