package zmq

import (
	"syscall"
	"unsafe"
)

// Bounds of one system call. The kernel takes no more buffers, and more bytes measured no
// faster.
const (
	maxBuffers = 1024
	maxBytes   = 1 << 20
)

// batch is the array of buffers that writev(2) wants. It is kept from call to call.
type batch struct{ iov []syscall.Iovec }

// write writes once, of bufs what one system call may take. The first is not empty.
func (b *batch) write(fd int, bufs [][]byte) (int, error) {
	if len(bufs) == 1 {
		return syscall.Write(fd, bufs[0][:min(len(bufs[0]), maxBytes)])
	}
	b.fill(bufs)
	n, _, errno := syscall.Syscall(syscall.SYS_WRITEV,
		uintptr(fd), uintptr(unsafe.Pointer(&b.iov[0])), uintptr(len(b.iov)))
	clear(b.iov) // the buffers are the caller's again
	if errno != 0 {
		return 0, errno
	}
	return int(n), nil
}

func (b *batch) fill(bufs [][]byte) {
	b.iov = b.iov[:0]
	room := maxBytes
	for _, p := range bufs {
		if room == 0 || len(b.iov) == maxBuffers {
			return
		}
		if len(p) == 0 {
			continue
		}
		n := min(len(p), room)
		room -= n
		v := syscall.Iovec{Base: &p[0]}
		v.SetLen(n)
		b.iov = append(b.iov, v)
	}
}
