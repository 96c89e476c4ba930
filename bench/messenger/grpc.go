package main

import (
	"context"
	"errors"
	"net"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/mem"
)

// overGRPC is one bidirectional stream of grpc-go, with a codec that hands bytes through, so
// that no protobuf work is measured, and with windows that never fill.
var overGRPC = &variant{
	name:  "grpc",
	about: "grpc-go, one bidirectional stream, pass-through codec, windows of 64 MiB",
	serve: serveGRPC,
	dial:  dialGRPC,
}

const (
	grpcMethod = "/bench.Messenger/Stream"
	grpcWindow = 64 << 20
	grpcBuffer = 256 << 10
)

// outgoing is a message as gRPC gets it; payload is by reference.
type outgoing struct{ head, payload []byte }

// incoming is as much of a message as the ends look at.
type incoming struct{ head [headSize]byte }

// passThrough is the codec.
type passThrough struct{}

func (passThrough) Name() string { return "bytes" }

func (passThrough) Marshal(v any) (mem.BufferSlice, error) {
	m, ok := v.(*outgoing)
	if !ok {
		return nil, errors.New("grpc: not an outgoing message")
	}
	if len(m.payload) == 0 {
		return mem.BufferSlice{mem.SliceBuffer(m.head)}, nil
	}
	return mem.BufferSlice{mem.SliceBuffer(m.head), mem.SliceBuffer(m.payload)}, nil
}

func (passThrough) Unmarshal(data mem.BufferSlice, v any) error {
	m, ok := v.(*incoming)
	if !ok {
		return errors.New("grpc: not an incoming message")
	}
	if data.CopyTo(m.head[:]) < headSize {
		return errors.New("grpc: a short message")
	}
	return nil
}

func serveGRPC(l load, ready func(string)) error {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	s := grpc.NewServer(
		grpc.ForceServerCodecV2(passThrough{}), grpc.MaxRecvMsgSize(maxBytes),
		grpc.InitialWindowSize(grpcWindow), grpc.InitialConnWindowSize(grpcWindow),
		grpc.ReadBufferSize(grpcBuffer), grpc.WriteBufferSize(grpcBuffer),
	)
	s.RegisterService(&grpc.ServiceDesc{
		ServiceName: "bench.Messenger",
		HandlerType: (*any)(nil),
		Streams: []grpc.StreamDesc{{
			StreamName: "Stream", ServerStreams: true, ClientStreams: true,
			Handler: func(_ any, stream grpc.ServerStream) error { return answerGRPC(stream) },
		}},
	}, nil)
	ready(ln.Addr().String())
	return s.Serve(ln)
}

func answerGRPC(stream grpc.ServerStream) error {
	var m incoming
	for {
		if err := stream.RecvMsg(&m); err != nil {
			return err
		}
		if flagsOf(m.head[:]) == tell {
			continue
		}
		answer := newMessage(0) // gRPC sends it later
		stamp(answer, 0, slotOf(m.head[:]))
		if err := stream.SendMsg(&outgoing{head: answer}); err != nil {
			return err
		}
	}
}

func dialGRPC(addr string, l load, answered func(uint64), failed func(error)) (client, error) {
	conn, err := grpc.NewClient("passthrough:///"+addr,
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithInitialWindowSize(grpcWindow), grpc.WithInitialConnWindowSize(grpcWindow),
		grpc.WithReadBufferSize(grpcBuffer), grpc.WithWriteBufferSize(grpcBuffer),
	)
	if err != nil {
		return nil, err
	}
	desc := &grpc.StreamDesc{StreamName: "Stream", ServerStreams: true, ClientStreams: true}
	stream, err := conn.NewStream(context.Background(), desc, grpcMethod, grpc.ForceCodecV2(passThrough{}))
	if err != nil {
		return nil, err
	}
	c := newGRPCClient(stream, l)
	go func() { failed(c.receive(answered)) }()
	return c, nil
}

// grpcClient keeps a message for each slot: it may be changed when the answer has come.
type grpcClient struct {
	mu     sync.Mutex // one SendMsg at a time
	stream grpc.ClientStream
	asks   []outgoing
	told   outgoing
}

func newGRPCClient(stream grpc.ClientStream, l load) *grpcClient {
	c := &grpcClient{stream: stream, asks: make([]outgoing, l.window)}
	payload := make([]byte, l.size)
	head := func() outgoing { return outgoing{newHead(l.size), payload} }
	for slot := range c.asks {
		c.asks[slot] = head()
		stamp(c.asks[slot].head, ask, uint64(slot))
	}
	c.told = head()
	stamp(c.told.head, tell, 0)
	return c
}

func (c *grpcClient) send(f flags, slot uint64) error {
	m := &c.told
	switch f {
	case ask:
		m = &c.asks[slot]
	case settle:
		m = &outgoing{head: newMessage(0)}
		stamp(m.head, f, slot)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.stream.SendMsg(m)
}

func (c *grpcClient) flush() error { return nil }

func (c *grpcClient) receive(answered func(uint64)) error {
	var m incoming
	for {
		if err := c.stream.RecvMsg(&m); err != nil {
			return err
		}
		answered(slotOf(m.head[:]))
	}
}
