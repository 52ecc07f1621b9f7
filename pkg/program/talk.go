package program

import (
	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/sys"
)

// Kinds of messages from the child, beside sys.Failed.
const (
	Born     = 2 + iota // Value: the pid, as the parent's pid namespace sees it
	Sync                // the child waits until the parent has done its part
	CallOut             // Value: number of the call-out that the parent must do while the child waits
	Noted               // Value: number of the notice that now holds
	Listener            // Value: descriptor in the child on which the kernel asks about system calls (seccomp_unotify(2))
	Ready               // all is prepared; the child waits for start
)

// Tell sends a message of the given kind to the parent; value may be a cell.
func (p *Program) Tell(kind int, value Arg) {
	msg := p.Record(Pair(uint32(kind), 0), Int(0))
	p.Copy(p.After(msg, 1), value)
	p.Call(unix.SYS_WRITE, p.Input("sock"), msg, Int(sys.MessageSize))
}

// Await reads one byte of consent from the parent. When the parent is gone, or says no by closing, the child fails with
// ECANCELED and so ends: nothing that was half made outlives its maker.
func (p *Program) Await() { p.AwaitOn(p.Input("sock")) }

// AwaitOn is Await on another descriptor.
func (p *Program) AwaitOn(fd Arg) {
	consent := p.Cell(Int(0))
	n := p.Call(unix.SYS_READ, fd, consent.Addr(), Int(1))
	p.Expect(n, ^uint64(0), 1, unix.ECANCELED)
}
