package container

import (
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// forwarder hands the signals that urun receives to the process behind a pidfd. While that is still on its way to its
// command it cannot take them: one that asks urun to end then ends the unborn one.
type forwarder struct {
	target int // pidfd
	begun  atomic.Bool
	early  atomic.Int32 // the signal that ended the unborn one; 0: none
	resize atomic.Pointer[func()]
	ch     chan os.Signal
	done   chan struct{}
}

// urgent are the signals that people and supervisors send within the first moments. To ask the runtime for a signal takes
// 25 µs, for all of them two milliseconds: longer than many a container lives. The rest follows when it has lived a little.
var urgent = []os.Signal{unix.SIGTERM, unix.SIGINT, unix.SIGHUP, unix.SIGQUIT, unix.SIGUSR1, unix.SIGUSR2}

const settled = 20 * time.Millisecond

// forward begins to catch signals, for the process behind pidfd. Before, a signal ends urun as it ends any program, and the
// unborn one ends with the conversation.
func forward(pidfd int) *forwarder {
	f := &forwarder{target: pidfd, ch: make(chan os.Signal, 64), done: make(chan struct{})}
	signal.Notify(f.ch, urgent...)
	go f.serve()
	return f
}

// begin says that signals are the process's own from now on. A nil forwarder has none.
func (f *forwarder) begin() {
	if f != nil {
		f.begun.Store(true)
	}
}

// interrupted is the error of a birth that a signal has ended, else err.
func (f *forwarder) interrupted(err error) error {
	if f != nil && f.early.Load() != 0 {
		return &interruptedError{syscall.Signal(f.early.Load())}
	}
	return err
}

// interruptedError says which signal came before the container had begun.
type interruptedError struct{ sig syscall.Signal }

func (e *interruptedError) Error() string {
	return "interrupted by " + unix.SignalName(e.sig) + " before the container began"
}

// resizeBy says what is done instead of forwarding SIGWINCH.
func (f *forwarder) resizeBy(resize func()) { f.resize.Store(&resize) }

func (f *forwarder) serve() {
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
	if !f.begun.Load() {
		switch sig {
		case unix.SIGTERM, unix.SIGINT, unix.SIGHUP, unix.SIGQUIT:
			f.early.Store(int32(sig))
			sig = unix.SIGKILL
		}
	}
	_ = unix.PidfdSendSignal(f.target, sig, nil, 0)
}

func (f *forwarder) window() bool {
	resize := f.resize.Load()
	if resize != nil {
		(*resize)()
	}
	return resize != nil
}

// stop ends the handing on. A nil forwarder has nothing to end.
func (f *forwarder) stop() {
	if f != nil {
		close(f.done)
	}
}

// exitCode is what a shell would say of the status.
func exitCode(status syscall.WaitStatus) int {
	if status.Signaled() {
		return 128 + int(status.Signal())
	}
	return status.ExitStatus()
}
