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
	aimed  chan int // gets the pidfd
	target int      // pidfd
	begun  atomic.Bool
	early  atomic.Int32 // the signal that ended the unborn one; 0: none
	resize atomic.Pointer[func()]
	ch     chan os.Signal
	armed  chan struct{} // closed when those that must not be missed are caught
}

// first are the signals that people and supervisors send, even in the first moments. To ask the runtime for one takes up to
// 100 µs, as it has a thread of its own for that, and for all of them longer than many a container lives. So the rest follows
// when the process has settled.
var first = []os.Signal{unix.SIGTERM, unix.SIGINT, unix.SIGHUP, unix.SIGQUIT, unix.SIGUSR1, unix.SIGUSR2}

const settled = 5 * time.Millisecond

// forward begins to catch signals, beside what urun does; they are kept until aim says for whom. Before, a signal ends urun as
// it ends any program, and an unborn process ends with the conversation. It goes on to the end of the program, which comes
// with the process's own.
func forward() *forwarder {
	f := &forwarder{ch: make(chan os.Signal, 64), aimed: make(chan int, 1), armed: make(chan struct{})}
	go f.serve()
	return f
}

// arm waits until signals are caught. A nil forwarder catches none.
func (f *forwarder) arm() {
	if f != nil {
		<-f.armed
	}
}

// aim says that the process behind pidfd gets the signals, those that have come already too.
func (f *forwarder) aim(pidfd int) { f.aimed <- pidfd }

// begin says that signals are the process's own from now on, and waits until they are being caught. A nil forwarder has none.
func (f *forwarder) begin() {
	if f != nil {
		f.arm()
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
	signal.Notify(f.ch, first...)
	close(f.armed)
	f.target = <-f.aimed
	rest := time.After(settled)
	for {
		select {
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

// exitCode is that of urun: where a signal has ended the process before its beginning was heard of, it is of that signal.
func (f *forwarder) exitCode(status syscall.WaitStatus) int {
	if early := f.early.Load(); early != 0 && status.Signaled() && status.Signal() == unix.SIGKILL {
		return 128 + int(early)
	}
	return exitCode(status)
}

// exitCode is what a shell would say of the status.
func exitCode(status syscall.WaitStatus) int {
	if status.Signaled() {
		return 128 + int(status.Signal())
	}
	return status.ExitStatus()
}
