//go:build darwin || dragonfly || freebsd || netbsd || openbsd

package zmq

// maxSocketPath is how many bytes of path fit into a sockaddr_un.
const maxSocketPath = 103
