package step

import (
	"encoding/binary"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/copyup"
	"github.com/urun/urun/pkg/program"
	"github.com/urun/urun/pkg/sys"
)

// over mounts a tmpfs over a directory that is there already: it takes on the mode of the directory, as with other runtimes, or
// with CopyUp all that the directory holds. Where there is no directory yet, it is made and there is nothing to take on.
func (s Mount) over(p *program.Program) {
	absent, end := p.NewLabel(), p.NewLabel()
	at := p.Cell(program.Int(0))
	open := func(flags uint64) { p.Openat2Into(at, root(p), rel(s.Dest), flags|unix.O_DIRECTORY, 0, inRoot) }
	p.Try(func() { open(unix.O_PATH) }, func() { p.Goto(absent) }, unix.ENOENT)
	var before program.Arg
	if s.CopyUp {
		before = p.OpenTree(at, "", true)
	} else {
		before = modeOf(p, at)
	}
	p.Fchdir(at)
	p.Mount(s.Source, ".", s.Type, s.Flags&^unix.MS_RDONLY, s.Data)
	open(unix.O_RDONLY)
	if s.CopyUp {
		s.fill(p, before, p.OpenTree(at, "", false))
	} else {
		p.Call(unix.SYS_FCHMOD, at, before)
	}
	if s.Flags&unix.MS_RDONLY != 0 {
		setattr(p, at, false, unix.MOUNT_ATTR_RDONLY, 0, 0)
	}
	p.Goto(end)
	p.Place(absent)
	p.Fchdir(openDir(p, s.Dest, 0))
	p.Mount(s.Source, ".", s.Type, s.Flags, s.Data)
	p.Place(end)
}

// modeOf yields the mode of the directory at in the low 16 bits of a cell, which is all that fchmod(2) looks at. struct statx
// is the same everywhere and has it at byte 28; an anonymous file moves it to where a number has its low bits.
func modeOf(p *program.Program, at program.Arg) program.Arg {
	st, mode := p.Data(make([]byte, 256)), p.Cell(program.Int(0))
	p.Call(unix.SYS_STATX, at, p.Str(""), program.Int(unix.AT_EMPTY_PATH), program.Int(unix.STATX_MODE), st)
	file := p.Call(unix.SYS_MEMFD_CREATE, p.Str("mode"), program.Int(unix.MFD_CLOEXEC))
	p.Call(unix.SYS_WRITE, file, st, program.Int(64))
	from := 28
	if binary.NativeEndian.Uint16([]byte{0, 1}) == 1 { // big endian: the last of the eight bytes are the low ones
		from = 22
	}
	p.Call(unix.SYS_PREAD64, file, mode.Addr(), program.Int(8), program.Int(from))
	p.Close(file)
	return mode
}

// fill has a process of its own copy the tree old into the tree fresh, and waits for it; see package copyup. It passes an
// errno back in an eventfd.
func (s Mount) fill(p *program.Program, old, fresh program.Arg) {
	exe := p.Open("/proc/self/exe", unix.O_PATH)
	report := p.Call(unix.SYS_EVENTFD2, program.Int(0), program.Int(unix.EFD_CLOEXEC|unix.EFD_NONBLOCK))
	p.Fchdir(root(p))
	flags, stack := program.Int(unix.CLONE_NEWNS|uint64(unix.SIGCHLD)), program.Int(0)
	if runtime.GOARCH == "s390x" {
		flags, stack = stack, flags
	}
	pid := p.Call(unix.SYS_CLONE, flags, stack)
	done := p.NewLabel()
	p.Try(func() { p.Expect(pid, ^uint64(0), 0, unix.ECHILD) }, func() {
		status, errno := p.Cell(program.Int(0)), p.Cell(program.Int(unix.EIO))
		p.Call(unix.SYS_WAIT4, pid, status.Addr(), program.Int(0), program.Int(0))
		p.Try(func() { p.Call(unix.SYS_READ, report, errno.Addr(), program.Int(8)) }, nil, unix.EAGAIN)
		p.CallInto(p.Cell(program.Int(0)), sys.Expect, status, program.Int(^uint64(0)), program.Int(0), errno)
		p.Goto(done)
	}, unix.ECHILD)
	s.become(p, old, fresh, exe, report)
	p.Place(done)
	for _, fd := range []program.Arg{old, fresh, exe, report} {
		p.Close(fd)
	}
}

// become is the way of the new process into the copying program. Others who live in the namespaces already could look into
// it, so it leaves the host's tree behind before: what is left of it is the container's.
func (s Mount) become(p *program.Program, old, fresh, exe, report program.Arg) {
	dot := p.Str(".")
	p.Prctl(unix.PR_SET_PDEATHSIG, program.Int(uint64(unix.SIGKILL)))
	p.Try(func() {
		p.Call(unix.SYS_PIVOT_ROOT, dot, dot)
		p.Call(unix.SYS_UMOUNT2, dot, program.Int(unix.MNT_DETACH))
	}, func() {
		p.Mount(".", "/", "", unix.MS_MOVE, "") // a root on a ramfs: see Chroot
		p.Call(unix.SYS_CHROOT, dot)
	}, unix.EINVAL)
	p.Fchdir(fresh)
	p.Call(unix.SYS_CHROOT, dot)
	p.Fchdir(old)
	p.Call(unix.SYS_DUP3, report, program.Int(0), program.Int(0))
	args := []string{copyup.Name}
	if s.hasData("mode=") {
		args = append(args, copyup.KeepMode)
	}
	if s.hasData("uid=") || s.hasData("gid=") {
		args = append(args, copyup.KeepOwner)
	}
	p.Call(unix.SYS_EXECVEAT, exe, p.Str(""), p.Strs(args), p.Strs(nil), program.Int(unix.AT_EMPTY_PATH))
}

// hasData says whether an option of the file system begins with key.
func (s Mount) hasData(key string) bool {
	return strings.HasPrefix(s.Data, key) || strings.Contains(s.Data, ","+key)
}
