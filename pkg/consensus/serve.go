package consensus

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"

	"github.com/hashicorp/raft"

	"zeph/pkg/wire"
)

// serve answers a call of another member. It blocks until raft has done what was asked, often for a disk.
func (t *transport) serve(ctx context.Context, from wire.Entity, call *wire.LogCall, bulk []byte) (*wire.LogReply, []byte, error) {
	ctx, cancel := context.WithTimeout(ctx, t.times.install)
	defer cancel()
	a, err := t.take(ctx, from, call, bulk)
	switch {
	case t.hung():
		err = wire.Busy.Errorf("%v", errHung)
	case err == nil:
		a.head = raft.RPCHeader{ProtocolVersion: protocolVersion, ID: []byte(t.id), Addr: encodePeer(t.id, t.addr)}
		return new(wire.LogReply), a.encode(), nil
	case errors.Is(err, errMalformed):
		err = wire.Malformed.Errorf("%v", err)
	case errors.Is(err, errClosed):
		err = wire.Closing.Errorf("%v", err)
	default:
		err = wire.Busy.Errorf("%v", err)
	}
	return nil, nil, err
}

func (t *transport) take(ctx context.Context, from wire.Entity, call *wire.LogCall, bulk []byte) (answer, error) {
	if t.hung() {
		return answer{}, errHung
	}
	b := bulk
	if call.Kind == kindSnapshot {
		b = call.Body
	}
	request, err := decodeRequest(call.Kind, b)
	if err != nil {
		return answer{}, err
	}
	head := request.(raft.WithRPCHeader).GetRPCHeader()
	if entityOf(string(head.ID)) != from {
		return answer{}, malformed("%v speaks for %s", from, head.ID)
	}
	var data io.Reader
	if _, ok := request.(*who); ok {
		return answer{success: true}, nil // serve says who we are
	}
	if s, ok := request.(*raft.InstallSnapshotRequest); ok {
		if s.LastLogIndex <= t.applied() {
			// It comes late, and raft would go back to it. All that is in it is here.
			return answer{term: s.Term, success: true}, nil
		}
		file, err := t.gather(string(head.ID), s.Size, call, bulk)
		if file == nil || err != nil {
			return answer{}, err
		}
		defer removeFile(file)
		data = file
	}
	return t.hand(ctx, request, data)
}

// hand gives a request to raft and waits for its answer.
func (t *transport) hand(ctx context.Context, request any, data io.Reader) (answer, error) {
	answered := make(chan raft.RPCResponse, 1)
	rpc := raft.RPC{Command: request, Reader: data, RespChan: answered}
	select {
	case t.rpc <- rpc:
	case <-ctx.Done():
		return answer{}, ctx.Err()
	case <-t.done.Done():
		return answer{}, errClosed
	}
	select {
	case r := <-answered:
		if r.Error != nil {
			return answer{}, r.Error
		}
		return answerOf(r.Response)
	case <-ctx.Done():
		return answer{}, ctx.Err()
	case <-t.done.Done():
		return answer{}, errClosed
	}
}

// incoming is a snapshot on its way here. It is gathered in a file before raft hears of it: raft's loop
// waits for a snapshot's bytes and does nothing else, however slow or dead the sender.
type incoming struct {
	from string
	id   uint64
	mu   sync.Mutex
	file *os.File
	size uint64
}

// gather adds a part. With the last it returns the file; until then nil.
func (t *transport) gather(from string, size int64, call *wire.LogCall, part []byte) (*os.File, error) {
	in, err := t.stream(from, call)
	if err != nil {
		return nil, err
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.file == nil || in.size != call.Part {
		return nil, malformed("part at %d of snapshot %d, expected %d", call.Part, call.ID, in.size)
	}
	if in.size+uint64(len(part)) > uint64(size) || call.Last != (in.size+uint64(len(part)) == uint64(size)) {
		return nil, malformed("part of %d bytes at %d of snapshot %d of %d bytes", len(part), call.Part, call.ID, size)
	}
	if _, err := in.file.Write(part); err != nil {
		return nil, fmt.Errorf("snapshot from %s: %w", from, err)
	}
	in.size += uint64(len(part))
	if !call.Last {
		return nil, nil
	}
	file := in.file
	in.file = nil
	t.mu.Lock()
	if t.incoming == in {
		t.incoming = nil
	}
	t.mu.Unlock()
	_, err = file.Seek(0, io.SeekStart)
	if err != nil {
		removeFile(file)
		return nil, err
	}
	return file, nil
}

// stream is the snapshot that a part belongs to. There is one at a time: a new one takes its place.
func (t *transport) stream(from string, call *wire.LogCall) (*incoming, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.done.Err() != nil {
		return nil, errClosed
	}
	if call.Part > 0 {
		if in := t.incoming; in != nil && in.from == from && in.id == call.ID {
			return in, nil
		}
		return nil, malformed("part of snapshot %d, which is not under way", call.ID)
	}
	file, err := os.CreateTemp(t.dir, snapshotPrefix+"*"+unfinished)
	if err != nil {
		return nil, fmt.Errorf("snapshot from %s: %w", from, err)
	}
	if old := t.incoming; old != nil {
		t.dropped.Go(old.drop) // its file may be on a slow disk
	}
	t.incoming = &incoming{from: from, id: call.ID, file: file}
	return t.incoming, nil
}

func (in *incoming) drop() {
	if in == nil {
		return
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.file != nil {
		removeFile(in.file)
		in.file = nil
	}
}

func removeFile(file *os.File) {
	_ = file.Close()
	_ = os.Remove(file.Name())
}
