package step

import (
	"strconv"

	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/program"
)

// Session makes the process the leader of a new session, out of reach of the caller's terminal: no TIOCSTI into it
// (CVE-2017-5226), no signals from its keys.
type Session struct{}

func (Session) String() string { return "new session" }

// Emit implements Step.
func (Session) Emit(p *program.Program) { p.Call(unix.SYS_SETSID) }

// Console makes a terminal in the container's devpts, sends the master over the input "console", and makes the slave the
// controlling terminal and stdin, stdout and stderr. No path of a slave is ever opened: it comes from the master itself
// (TIOCGPTPEER, ioctl_tty(2)), and the master must lie on a devpts (CVE-2025-52565).
type Console struct {
	UID, GID   uint32 // owner of the slave
	Rows, Cols uint16 // 0: the kernel's
	InRoot     bool   // resolve in the root handle (a new container), not in the current root
	Device     bool   // show the slave as /dev/console
}

func (s Console) String() string {
	text := "console for " + strconv.Itoa(int(s.UID)) + ":" + strconv.Itoa(int(s.GID))
	if s.Rows != 0 || s.Cols != 0 {
		text += ", " + strconv.Itoa(int(s.Rows)) + " rows, " + strconv.Itoa(int(s.Cols)) + " columns"
	}
	return text
}

const ptmx = "dev/pts/ptmx"

// Emit implements Step.
func (s Console) Emit(p *program.Program) {
	from := program.CWD
	path := "/" + ptmx
	resolve := uint64(unix.RESOLVE_NO_MAGICLINKS)
	if s.InRoot {
		from, path, resolve = root(p), ptmx, inRoot
	}
	master := p.Openat2(from, path, unix.O_RDWR|unix.O_NOCTTY, 0, resolve)
	verifyDevpts(p, master)
	p.Call(unix.SYS_IOCTL, master, program.Int(unix.TIOCSPTLCK), p.Data(make([]byte, 8)))
	slave := p.Call(unix.SYS_IOCTL, master, program.Int(unix.TIOCGPTPEER), program.Int(unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC))
	if s.Rows != 0 || s.Cols != 0 {
		p.Call(unix.SYS_IOCTL, master, program.Int(unix.TIOCSWINSZ), p.Record(winsize(s.Rows, s.Cols)))
	}
	p.Call(unix.SYS_FCHOWN, slave, program.Int(s.UID), program.Int(s.GID))
	if s.Device {
		tree := p.OpenTree(slave, "", false)
		dest := p.Openat2(root(p), "dev/console", unix.O_WRONLY|unix.O_CREAT, 0o600, inRoot)
		p.MoveMount(tree, dest)
	}
	sendFD(p, p.Input("console"), master, "/"+ptmx)
	p.Call(unix.SYS_IOCTL, slave, program.Int(unix.TIOCSCTTY), program.Int(0))
	for fd := range 3 {
		p.Call(unix.SYS_DUP3, slave, program.Int(fd), program.Int(0))
	}
	p.Close(slave)
	p.Close(master)
}

// winsize packs struct winsize: rows, columns and two unused numbers, 16 bits each.
func winsize(rows, cols uint16) program.Arg {
	var b [8]byte
	nativeEndian.PutUint16(b[0:], rows)
	nativeEndian.PutUint16(b[2:], cols)
	return program.Int(nativeEndian.Uint64(b[:]))
}

// verifyDevpts fails with ENODEV unless fd lies on a devpts: f_type is the first word of struct statfs (fstatfs(2)).
func verifyDevpts(p *program.Program, fd program.Arg) {
	first := p.Cell(program.Int(0))
	for range 19 { // the rest of the structure, 120 bytes and some to spare
		p.Cell(program.Int(0))
	}
	p.Call(unix.SYS_FSTATFS, fd, first.Addr())
	p.Expect(first, ^uint64(0), unix.DEVPTS_SUPER_MAGIC, unix.ENODEV)
}

// sendFD sends the descriptor fd with the text name over the unix socket (SCM_RIGHTS, unix(7)).
func sendFD(p *program.Program, socket, fd program.Arg, name string) {
	control := p.Record(program.Int(20), program.Pair(unix.SOL_SOCKET, unix.SCM_RIGHTS), program.Int(0))
	p.Copy(p.After(control, 2), fd)
	iov := p.Record(p.Str(name), program.Int(len(name)))
	msg := p.Record(program.Int(0), program.Int(0), iov, program.Int(1), control, program.Int(24), program.Int(0))
	p.Call(unix.SYS_SENDMSG, socket, msg, program.Int(unix.MSG_NOSIGNAL))
}

// Handover gives stdin, stdout or stderr to the container's user, so that it can open /dev/stdout again; only pipes are
// handed over, never a file or a terminal of the caller.
type Handover struct {
	FD       int
	UID, GID uint32
}

func (s Handover) String() string {
	return "hand descriptor " + strconv.Itoa(s.FD) + " to " + strconv.Itoa(int(s.UID)) + ":" + strconv.Itoa(int(s.GID))
}

// Emit implements Step.
func (s Handover) Emit(p *program.Program) {
	p.Call(unix.SYS_FCHOWN, program.Int(s.FD), program.Int(s.UID), program.Int(s.GID))
}

// Redirect makes the input Input the descriptor FD.
type Redirect struct {
	Input string
	FD    int
}

func (s Redirect) String() string { return s.Input + " as descriptor " + strconv.Itoa(s.FD) }

// Emit implements Step.
func (s Redirect) Emit(p *program.Program) {
	p.Call(unix.SYS_DUP3, p.Input(s.Input), program.Int(s.FD), program.Int(0))
}
