package container

import (
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// forwarder hands the signals that urun receives to the process behind a pidfd. Until there is one to hand them to, a signal
// that asks urun to end calls abort.
type forwarder struct {
	target atomic.Int64 // pidfd+1; 0: not yet
	resize atomic.Pointer[func()]
	abort  func(sig syscall.Signal)
	ch     chan os.Signal
	done   chan struct{}
}

// urgent are the signals that people and supervisors send within the first moments. To ask the runtime for a signal takes
// 25 µs, for all of them two milliseconds: longer than many a container lives. The rest follows when it has lived a little.
var urgent = []os.Signal{unix.SIGTERM, unix.SIGINT, unix.SIGHUP, unix.SIGQUIT, unix.SIGUSR1, unix.SIGUSR2}

const settled = 20 * time.Millisecond

// forward begins to catch signals, beside whatever else is being done.
func forward(abort func(sig syscall.Signal)) *forwarder {
	f := &forwarder{abort: abort, ch: make(chan os.Signal, 64), done: make(chan struct{})}
	go f.serve()
	return f
}

// to names the process that signals go to from now on.
func (f *forwarder) to(pidfd int) { f.target.Store(int64(pidfd) + 1) }

// resizeBy says what is done instead of forwarding SIGWINCH.
func (f *forwarder) resizeBy(resize func()) { f.resize.Store(&resize) }

func (f *forwarder) serve() {
	signal.Notify(f.ch, urgent...)
	rest := time.After(settled)
	for {
		select {
		case <-f.done:
			signal.Stop(f.ch)
			return
		case <-rest:
			signal.Notify(f.ch)
			f.window() // it may have changed unnoticed
		case s := <-f.ch:
			f.handle(s.(syscall.Signal))
		}
	}
}

func (f *forwarder) handle(sig syscall.Signal) {
	switch sig {
	case unix.SIGCHLD, unix.SIGURG, unix.SIGPIPE, unix.SIGTTIN, unix.SIGTTOU:
		return // about urun's own children, runtime, writing and terminal
	case unix.SIGWINCH:
		if f.window() {
			return
		}
	}
	if t := f.target.Load(); t > 0 {
		_ = unix.PidfdSendSignal(int(t-1), sig, nil, 0)
		return
	}
	switch sig {
	case unix.SIGTERM, unix.SIGINT, unix.SIGHUP, unix.SIGQUIT:
		f.abort(sig)
	}
}

func (f *forwarder) window() bool {
	resize := f.resize.Load()
	if resize != nil {
		(*resize)()
	}
	return resize != nil
}

func (f *forwarder) stop() { close(f.done) }

// exitCode is what a shell would say of the status.
func exitCode(status syscall.WaitStatus) int {
	if status.Signaled() {
		return 128 + int(status.Signal())
	}
	return status.ExitStatus()
}
