package test

import (
	"io"
	"os"
	"sync"
	"syscall"
	"testing"
	"time"
)

// buffer collects output and may be read while it grows.
type buffer struct {
	mu   sync.Mutex
	data []byte
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.data = append(b.data, p...)
	return len(p), nil
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return string(b.data)
}

// A pipe collects what comes through it. Other than the one of os/exec it tells apart that a command has ended and that
// its output has: a container in the background keeps writing.
type pipe struct {
	buffer
	r      *os.File
	paused chan struct{}
	end    chan struct{} // closed when no writer is left
}

// newPipe gives the reading side, and the end to hand to a command.
func newPipe(t *testing.T) (*pipe, *os.File) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	return &pipe{r: r, end: make(chan struct{})}, w
}

// follow reads until the end, or until drain interrupts.
func (p *pipe) follow() {
	p.paused = make(chan struct{})
	go func() {
		defer close(p.paused)
		if _, err := io.Copy(&p.buffer, p.r); err == nil {
			_ = p.r.Close()
			close(p.end)
		}
	}()
}

// drain returns when all that was written before is in the buffer, and follows on.
func (p *pipe) drain() {
	_ = p.r.SetReadDeadline(time.Now())
	<-p.paused
	select {
	case <-p.end:
		return
	default:
	}
	if raw, err := p.r.SyscallConn(); err == nil {
		_ = raw.Control(p.take)
	}
	_ = p.r.SetReadDeadline(time.Time{})
	p.follow()
}

// take reads what is there without waiting; Go keeps pipes in non-blocking mode.
func (p *pipe) take(fd uintptr) {
	b := make([]byte, 4096)
	for {
		n, err := syscall.Read(int(fd), b)
		if n <= 0 || err != nil {
			return
		}
		_, _ = p.Write(b[:n])
	}
}
