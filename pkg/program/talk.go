package program

import (
	"encoding/binary"

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
	Shown               // carries the descriptors that were asked for (Ask)
)

// What a waiting child is told, one byte each.
const (
	Consent = 1 // go on
	Ask     = 2 // show the descriptors that the program is ready to show, and wait on
	End     = 3 // wait no longer, but end as if by SIGTERM
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

// AwaitAsked is AwaitOn for a child that may be told to End, and answers a question while it waits: for each Ask it sends one message over fd, of the
// kind Shown, with the descriptors that open makes, none if it could not make them all, and closes them. open gets the cells
// that they belong into.
func (p *Program) AwaitAsked(fd Arg, count int, open func(fds []Arg)) {
	again, done := p.NewLabel(), p.NewLabel()
	p.Place(again)
	said := p.Cell(Int(0))
	n := p.Call(unix.SYS_READ, fd, said.Addr(), Int(1))
	p.Expect(n, ^uint64(0), 1, unix.ECANCELED)
	told := func(word byte, do func()) {
		p.Try(func() { p.Expect(said, firstByte(0xff), firstByte(word), unix.EAGAIN); do() }, nil, unix.EAGAIN)
	}
	told(Consent, func() { p.Goto(done) })
	told(End, func() { p.Call(exitGroup, Int(128+uint32(unix.SIGTERM))) })
	fds := make([]Arg, count)
	for i := range fds {
		fds[i] = p.Cell(Int(-1))
		p.Copy(fds[i], Int(-1))
	}
	p.Try(func() { open(fds); p.show(fd, fds) }, func() {
		p.Try(func() { p.show(fd, nil) }, nil, Any)
	}, Any)
	for _, f := range fds {
		p.Try(func() { p.Close(f) }, nil, unix.EBADF)
	}
	p.Goto(again)
	p.Place(done)
}

// show sends the message Shown with descriptors over the unix socket (SCM_RIGHTS, unix(7)), each in a control message of its
// own: the program has no means of packing two into one word.
func (p *Program) show(socket Arg, fds []Arg) {
	const words = 3 // of struct cmsghdr with one descriptor: its length, level and type, the descriptor
	fields := make([]Arg, 0, words*len(fds))
	for range fds {
		fields = append(fields, Int(20), Pair(unix.SOL_SOCKET, unix.SCM_RIGHTS), Int(0))
	}
	control := p.Record(fields...)
	for i, fd := range fds {
		p.Copy(p.After(control, words*i+2), fd)
	}
	iov := p.Record(p.Record(Pair(Shown, 0), Int(0)), Int(sys.MessageSize))
	msg := p.Record(Int(0), Int(0), iov, Int(1), control, Int(8*words*len(fds)), Int(0))
	p.Call(unix.SYS_SENDMSG, socket, msg, Int(unix.MSG_NOSIGNAL))
}

// firstByte is the word whose first byte in memory is b.
func firstByte(b byte) uint64 { return binary.NativeEndian.Uint64([]byte{b, 0, 0, 0, 0, 0, 0, 0}) }
