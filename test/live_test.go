package test

import (
	"errors"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A live command is one that still runs. Its output may be watched.
type live struct {
	t        *testing.T
	cmd      *exec.Cmd
	shown    string
	out, err *buffer
	done     chan struct{} // urun has ended and all that it wrote is in out and err
	closed   chan struct{} // and nobody else can write there any more
	failed   error
	timedOut bool
	tty      bool // out is a terminal's screen, which is late
}

// launch starts urun in a process group of its own; adjust may change the command before.
func (c *caller) launch(adjust func(*exec.Cmd), args ...string) *live {
	c.t.Helper()
	words := append(append(append([]string{}, c.wrap...), urunPath), append(append([]string{}, c.flags...), args...)...)
	return c.launchCommand(adjust, words...)
}

// launchCommand starts any command as this caller.
func (c *caller) launchCommand(adjust func(*exec.Cmd), words ...string) *live {
	c.t.Helper()
	l := &live{t: c.t, shown: strings.Join(words, " "), done: make(chan struct{}), closed: make(chan struct{})}
	l.cmd = exec.Command(words[0], words[1:]...)
	l.cmd.Env = c.env
	l.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	l.cmd.WaitDelay = time.Second // for a standard input that nobody reads to its end
	out, outEnd := newPipe(c.t)
	err, errEnd := newPipe(c.t)
	l.cmd.Stdout, l.cmd.Stderr, l.out, l.err = outEnd, errEnd, &out.buffer, &err.buffer
	if adjust != nil {
		adjust(l.cmd)
	}
	if err := l.cmd.Start(); err != nil {
		c.t.Fatalf("%s: %v", l.shown, err)
	}
	_, _ = outEnd.Close(), errEnd.Close()
	out.follow()
	err.follow()
	go func() {
		l.failed = l.cmd.Wait()
		out.drain()
		err.drain()
		close(l.done)
		<-out.end
		<-err.end
		close(l.closed)
	}()
	return l
}

// wait gives the result. After patience the whole process group is killed and the test fails.
func (l *live) wait() result {
	l.t.Helper()
	select {
	case <-l.done:
	case <-time.After(patience):
		l.timedOut = true
		_ = syscall.Kill(-l.cmd.Process.Pid, syscall.SIGKILL)
		<-l.done
	}
	r := result{t: l.t, cmd: l.shown, code: l.cmd.ProcessState.ExitCode(), stdout: l.out.String(), stderr: l.err.String()}
	if ws := l.cmd.ProcessState.Sys().(syscall.WaitStatus); ws.Signaled() {
		r.code = -int(ws.Signal()) // urun itself was killed: not the same as a container that was
	}
	if l.timedOut {
		l.t.Fatalf("hung for %v and was killed\n%s", patience, r)
	}
	if l.failed != nil && !errors.Is(l.failed, exec.ErrWaitDelay) {
		var exit *exec.ExitError
		if !errors.As(l.failed, &exit) {
			l.t.Fatalf("%v\n%s", l.failed, r)
		}
	}
	return r
}

// expect waits until the output has the text.
func (l *live) expect(text string) {
	l.t.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(5 * time.Millisecond) {
		if strings.Contains(l.out.String(), text) {
			return
		}
		select {
		case <-l.closed:
			if !l.tty && !strings.Contains(l.out.String(), text) {
				l.t.Fatalf("ended without %q in its output\n%s", text, l.wait())
			}
		default:
		}
		if time.Now().After(end) {
			_ = syscall.Kill(-l.cmd.Process.Pid, syscall.SIGKILL)
			l.t.Fatalf("no %q in the output\n%s", text, l.wait())
		}
	}
}

// signal sends a signal to urun alone.
func (l *live) signal(s os.Signal) {
	l.t.Helper()
	if err := l.cmd.Process.Signal(s); err != nil {
		l.t.Fatalf("signal %v: %v", s, err)
	}
}
