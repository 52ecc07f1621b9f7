package container

import (
	"os/signal"
	"sync/atomic"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/sys"
)

// forwarder hands the signals that urun receives to the process behind a pidfd. While that is still on its way to its
// command it cannot take them: one that asks urun to end then ends the unborn one.
type forwarder struct {
	caught int          // the pipe with the numbers of the signals
	target atomic.Int32 // pidfd of the process that gets them
	aimed  bool         // they are handed on beside what urun does
	begun  atomic.Bool
	early  atomic.Int32 // the signal that ended the unborn one; 0: none
	resize atomic.Pointer[func()]
}

// forward begins to catch signals; they are kept until aim or until says for whom. It goes on to the end of the program, which
// comes with the process's own.
func forward() (*forwarder, error) {
	fd, err := sys.Catch(forwarded())
	return &forwarder{caught: fd}, err
}

// forwarded are all signals but those about urun's own children, runtime, writing and terminal, those that nobody can catch, and
// three real-time ones that C libraries keep for themselves. A hang-up that urun shall ignore (nohup(1)) is none to be handed on.
func forwarded() (list []int) {
	for sig := 1; sig <= 64; sig++ {
		switch unix.Signal(sig) {
		case unix.SIGCHLD, unix.SIGURG, unix.SIGPIPE, unix.SIGTTIN, unix.SIGTTOU, unix.SIGKILL, unix.SIGSTOP, 32, 33, 34:
		case unix.SIGHUP:
			if !sys.Ignored(sig) {
				list = append(list, sig)
			}
		default:
			list = append(list, sig)
		}
	}
	return list
}

// aim says that the process behind pidfd gets the signals, those that have come already too. They are handed on beside what urun
// does.
func (f *forwarder) aim(pidfd int) {
	f.retarget(pidfd)
	if f.aimed {
		return
	}
	f.aimed = true
	go func() {
		for f.hand() {
		}
	}()
}

// retarget says that another process gets them, where they are aimed. A nil forwarder has none.
func (f *forwarder) retarget(pidfd int) {
	if f != nil {
		f.target.Store(int32(pidfd))
	}
}

// until hands the signals on to the process behind pidfd until that has ended. Where they are aimed that is done already.
func (f *forwarder) until(pidfd int) {
	if f.aimed {
		return
	}
	f.retarget(pidfd)
	ready := []unix.PollFd{{Fd: int32(pidfd), Events: unix.POLLIN}, {Fd: int32(f.caught), Events: unix.POLLIN}}
	for {
		_, err := unix.Poll(ready, -1)
		switch {
		case err == unix.EINTR:
		case err != nil || ready[0].Revents != 0:
			return
		case ready[1].Revents != 0 && !f.hand():
			return
		}
	}
}

// hand waits for signals and hands them on; false: none will come any more.
func (f *forwarder) hand() bool {
	var buf [64]byte
	n, err := unix.Read(f.caught, buf[:])
	for _, sig := range buf[:max(n, 0)] {
		f.handle(unix.Signal(sig), int(f.target.Load()))
	}
	return n > 0 || err == unix.EINTR
}

// begin says that signals are the process's own from now on. Whoever reads what urun prints may go away: from here on that does
// not end urun, which has to clean up behind the container. A nil forwarder has none.
func (f *forwarder) begin() {
	if f != nil {
		f.begun.Store(true)
		signal.Ignore(unix.SIGPIPE) // costs no thread; a hook is run with all signals as they should be
	}
}

// interrupted is the error of a birth, of what, that a signal has ended, else err.
func (f *forwarder) interrupted(what string, err error) error {
	if f != nil && f.early.Load() != 0 {
		return &interruptedError{syscall.Signal(f.early.Load()), what}
	}
	return err
}

// interruptedError says which signal came before what had begun.
type interruptedError struct {
	sig  syscall.Signal
	what string
}

func (e *interruptedError) Error() string {
	return "interrupted by " + unix.SignalName(e.sig) + " before " + e.what + " began"
}

// resizeBy says what is done instead of forwarding SIGWINCH.
func (f *forwarder) resizeBy(resize func()) { f.resize.Store(&resize) }

func (f *forwarder) handle(sig unix.Signal, target int) {
	if resize := f.resize.Load(); sig == unix.SIGWINCH && resize != nil {
		(*resize)()
		return
	}
	if !f.begun.Load() {
		switch sig {
		case unix.SIGTERM, unix.SIGINT, unix.SIGHUP, unix.SIGQUIT:
			f.early.Store(int32(sig))
			sig = unix.SIGKILL
		}
	}
	_ = unix.PidfdSendSignal(target, sig, nil, 0)
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
