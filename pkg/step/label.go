package step

import (
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/program"
)

// HostProc takes a handle of the caller's /proc, before a tree is entered in which /proc may be anything (CVE-2025-52881).
// It is checked to be a proc file system.
type HostProc struct{}

func (HostProc) String() string { return "take a handle of /proc" }

// Emit implements Step.
func (HostProc) Emit(p *program.Program) {
	dir := p.Input("proc")
	p.CallInto(dir, unix.SYS_OPENAT, program.CWD, p.Str("/proc"), program.Int(unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC), program.Int(0))
	isProc(p, dir)
}

// isProc fails with ENOTSUP unless fd is on a proc file system (fstatfs(2)).
func isProc(p *program.Program, fd program.Arg) {
	st := p.Record(make([]program.Arg, 20)...) // struct statfs has 120 bytes, its type first
	p.Call(unix.SYS_FSTATFS, fd, st)
	mask, magic := ^uint64(0), uint64(unix.PROC_SUPER_MAGIC)
	if runtime.GOARCH == "s390x" { // where it has 32 bits, and the first ones are the high ones
		mask, magic = mask<<32, magic<<32
	}
	p.Expect(p.After(st, 0), mask, magic, unix.ENOTSUP)
}

// ExecLabel says what the security module is to make of the process at its execve(2): an AppArmor profile or an SELinux
// label (proc(5), /proc/PID/attr). HostProc comes before it.
type ExecLabel struct {
	Module string // apparmor or selinux
	Label  string // the name of the profile, or the label
}

func (s ExecLabel) String() string { return s.Module + " label " + s.Label }

// Explain implements program.Explainer.
func (s ExecLabel) Explain(errno syscall.Errno) string {
	switch {
	case s.Module == "apparmor" && errno == unix.ENOENT:
		return s.String() + ": no such profile is loaded (see aa-status)"
	case errno == unix.EACCES || errno == unix.EPERM:
		return s.String() + ": " + errno.Error() + ": the caller's own profile or policy does not allow the change"
	case errno == unix.EINVAL:
		return s.String() + ": invalid argument: the security module does not know this label"
	}
	return ""
}

// Emit implements Step.
func (s ExecLabel) Emit(p *program.Program) {
	fd := p.Cell(program.Int(0))
	open := func(path string) {
		// No mount may lie on the way, as one over attr/exec would (the link self is the kernel's own).
		p.Openat2Into(fd, p.Input("proc"), path, unix.O_WRONLY, 0, unix.RESOLVE_BENEATH|unix.RESOLVE_NO_XDEV|unix.RESOLVE_NO_MAGICLINKS)
	}
	text := s.Label
	if s.Module == "apparmor" {
		text = "exec " + text
		p.Try(func() { open("self/attr/apparmor/exec") }, func() { open("self/attr/exec") }, unix.ENOENT) // the first is new in Linux 5.8
	} else {
		open("self/attr/exec")
	}
	p.Write(fd, text)
	p.Close(fd)
}
