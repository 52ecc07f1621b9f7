package container

import (
	"errors"
	"io"
	"os"
	"sync"
	"time"

	"github.com/containerd/console"
	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/sandbox"
)

// terminal is the container's terminal as the caller of run or exec meets it: none at all, one whose master goes to a
// console socket, or one that is relayed to urun's own stdin and stdout. Those need not be a terminal: in a CI job the
// program still finds one, and what it prints comes through.
type terminal struct {
	ours, theirs int // the pair over which the master comes; theirs alone: the console socket
	master       *os.File
	caller       console.Console // the caller's terminal in raw mode; nil: stdin is none
	restored     sync.Once       // caller is as it was
	output       chan struct{}   // closed when all output has been copied
}

// openTerminal prepares for a process that wants a terminal or does not. socket is --console-socket.
func openTerminal(wanted bool, socket string) (t *terminal, err error) {
	t = &terminal{ours: -1, theirs: -1}
	switch {
	case !wanted:
	case socket != "":
		t.theirs, err = sandbox.Dial(socket)
	default:
		t.ours, t.theirs, err = sandbox.ConsolePair()
	}
	return t, err
}

func (t *terminal) inputs() map[string]int {
	if t.theirs < 0 {
		return nil
	}
	return map[string]int{"console": t.theirs}
}

// receive takes the master, which the process has sent by now.
func (t *terminal) receive() error {
	if t.ours < 0 {
		return nil
	}
	unix.Close(t.theirs) // or a process that was killed before it sent the master would be waited for for ever
	t.theirs = -1
	fd, err := sandbox.ReceiveFD(t.ours)
	if err != nil {
		return err
	}
	// Output is the program's to the byte, as it is without a terminal: no carriage returns added (runc does the same).
	if err := console.ClearONLCR(uintptr(fd)); err != nil {
		unix.Close(fd)
		return err
	}
	t.master = os.NewFile(uintptr(fd), "console")
	return nil
}

// relay copies between the caller and the terminal until drain.
func (t *terminal) relay(f *forwarder) {
	if t.master == nil {
		return
	}
	t.enterRaw()
	f.resizeBy(t.resize)
	t.resize()
	t.output = make(chan struct{})
	go t.copyOut()
	go t.copyIn()
}

// enterRaw puts the caller's terminal in raw mode: keys are the container's to interpret.
func (t *terminal) enterRaw() {
	c, err := console.ConsoleFromFile(os.Stdin)
	if err != nil {
		return
	}
	if c.SetRaw() == nil {
		t.caller = c
	}
}

// restore gives the caller its terminal back.
func (t *terminal) restore() {
	t.restored.Do(func() {
		if t.caller != nil {
			_ = t.caller.Reset()
		}
	})
}

// copyOut ends with EIO when the last slave is closed. Where nobody reads the output any more, the terminal is hung up, as one is
// whose window is closed: else the program would wait for ever for somebody to read, or write for ever for nobody.
func (t *terminal) copyOut() {
	defer close(t.output)
	_, err := io.Copy(os.Stdout, t.master)
	if failed := (*os.PathError)(nil); errors.As(err, &failed) && failed.Op == "write" {
		t.restore()
		_ = t.master.Close()
	}
}

// copyIn ends the container's input when the caller's ends, as a person would: with control-D.
func (t *terminal) copyIn() {
	_, err := io.Copy(t.master, os.Stdin)
	if err == nil {
		_, _ = t.master.Write([]byte{4})
	}
}

// resize gives the terminal the size of the caller's.
func (t *terminal) resize() {
	for fd := range 3 {
		if ws, err := unix.IoctlGetWinsize(fd, unix.TIOCGWINSZ); err == nil {
			_ = unix.IoctlSetWinsize(int(t.master.Fd()), unix.TIOCSWINSZ, ws)
			return
		}
	}
}

// drain waits for the rest of the output once the process has ended. Somebody who left with the slave open is not waited
// for long.
func (t *terminal) drain() {
	if t.output == nil {
		return
	}
	select {
	case <-t.output:
	case <-time.After(time.Second):
	}
}

// Close ends what openTerminal began. It is called on every way out.
func (t *terminal) Close() {
	t.restore()
	for _, fd := range []int{t.ours, t.theirs} {
		if fd >= 0 {
			unix.Close(fd)
		}
	}
	t.ours, t.theirs = -1, -1
}
