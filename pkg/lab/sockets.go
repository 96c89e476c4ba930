package lab

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"syscall"
	"time"
)

// sockets are listening sockets on their way to a daemon.
type sockets struct {
	files []*os.File
	addrs []Address
}

// bind makes a daemon's sockets, in its namespace if it has one.
func (l *Lab) bind(s *state, d *Daemon, addrs []Address) (socks *sockets, err error) {
	host, err := s.host(d)
	if err != nil {
		return nil, err
	}
	err = l.at(s, d, func() (err error) {
		socks, err = bind(host, addrs)
		return err
	})
	return socks, err
}

// at does something where a daemon lives.
func (l *Lab) at(s *state, d *Daemon, do func() error) error {
	if !s.Netns {
		return do()
	}
	return within(l.namespace(d.Name), do)
}

// bind makes a listening socket for each address: at that address, or at host with a port of the
// system's choosing where it is empty.
func bind(host string, addrs []Address) (*sockets, error) {
	s := &sockets{}
	for _, a := range addrs {
		at := strings.TrimPrefix(a.Addr, "tcp://")
		if at == "" {
			at = net.JoinHostPort(host, "0")
		}
		if err := s.add(a.Name, at); err != nil {
			s.close()
			return nil, err
		}
	}
	return s, nil
}

func (s *sockets) add(name, at string) error {
	l, err := listen(at)
	if err != nil {
		return fmt.Errorf("listener %s: %w", name, err)
	}
	defer l.Close() // the file has a descriptor of its own
	f, err := l.(*net.TCPListener).File()
	if err != nil {
		return fmt.Errorf("listener %s: %w", name, err)
	}
	s.files = append(s.files, f)
	s.addrs = append(s.addrs, Address{name, "tcp://" + l.Addr().String()})
	return nil
}

// listen waits a while for an address that is taken: a monitor's old port may for the moment be the
// near end of somebody's connection.
func listen(at string) (net.Listener, error) {
	for end := time.Now().Add(portPatience); ; time.Sleep(10 * poll) {
		l, err := net.Listen("tcp", at)
		if !errors.Is(err, syscall.EADDRINUSE) || time.Now().After(end) {
			return l, err
		}
	}
}

const portPatience = 3 * time.Second

// flags name the descriptors as a child sees them: from 3 on.
func (s *sockets) flags() []string {
	var flags []string
	for i, a := range s.addrs {
		flags = append(flags, "--listen", fmt.Sprintf("%s=fd://%d", a.Name, 3+i))
	}
	return flags
}

func (s *sockets) close() {
	for _, f := range s.files {
		f.Close()
	}
}

// unbound are addresses for a kind of daemon that has none yet.
func unbound(k Kind) []Address {
	var addrs []Address
	for _, name := range k.listeners() {
		addrs = append(addrs, Address{Name: name})
	}
	return addrs
}
