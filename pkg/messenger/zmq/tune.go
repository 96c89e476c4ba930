package zmq

import (
	"errors"
	"fmt"
	"net"
)

// tune sets the options of a new connection.
func (s Settings) tune(nc net.Conn) error {
	var errs []error
	if tcp, ok := nc.(*net.TCPConn); ok {
		errs = append(errs, tcp.SetNoDelay(!s.Nagle), tcp.SetKeepAliveConfig(net.KeepAliveConfig{
			Enable:   true,
			Idle:     s.KeepaliveIdle,
			Interval: s.KeepaliveInterval,
			Count:    s.KeepaliveCount,
		}))
	}
	buffered, ok := nc.(interface {
		SetReadBuffer(bytes int) error
		SetWriteBuffer(bytes int) error
	})
	if ok && s.SendBuffer > 0 {
		errs = append(errs, buffered.SetWriteBuffer(s.SendBuffer))
	}
	if ok && s.ReceiveBuffer > 0 {
		errs = append(errs, buffered.SetReadBuffer(s.ReceiveBuffer))
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("socket options: %w", err)
	}
	return nil
}
