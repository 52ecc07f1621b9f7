package step

import (
	"runtime"

	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/program"
)

// mapIDs takes the file system that has just been mounted down, gives it the ids of UIDMap and GIDMap and mounts it again: only
// what is mounted nowhere can be id-mapped (mount_setattr(2), MOUNT_ATTR_IDMAP). The kernel reads the map from a user
// namespace, which a process of its own makes and holds meanwhile.
func (s Mount) mapIDs(p *program.Program) {
	at := p.Openat2(root(p), rel(s.Dest), unix.O_PATH|unix.O_DIRECTORY, 0, inRoot)
	tree := p.OpenTree(at, "", false)
	p.Fchdir(at)
	p.Call(unix.SYS_UMOUNT2, p.Str("."), program.Int(unix.MNT_DETACH))
	p.Fchdir(root(p))
	p.Close(at)
	holder := p.Open("/", unix.O_PATH) // the number, for the other process to put its own directory of /proc there
	born, done := eventfd(p), eventfd(p)
	pid := s.holdIDs(p, holder, born, done)
	count := p.Cell(program.Int(0))
	p.Call(unix.SYS_READ, born, count.Addr(), program.Int(8))
	for _, m := range []struct{ file, text string }{{"uid_map", string(s.UIDMap.Kernel())}, {"gid_map", string(s.GIDMap.Kernel())}} {
		fd := openIn(p, holder, m.file, unix.O_WRONLY)
		p.Write(fd, m.text)
		p.Close(fd)
	}
	userns := openIn(p, holder, "ns/user", unix.O_RDONLY)
	release(p, done)
	p.Call(unix.SYS_WAIT4, pid, program.Int(0), program.Int(0), program.Int(0))
	attr := p.Record(program.Int(unix.MOUNT_ATTR_IDMAP), program.Int(0), program.Int(0), program.Int(0))
	p.Copy(p.After(attr, 3), userns)
	p.Call(unix.SYS_MOUNT_SETATTR, tree, p.Str(""), program.Int(unix.AT_EMPTY_PATH), attr, program.Int(32))
	p.MoveMount(tree, p.Openat2(root(p), rel(s.Dest), unix.O_PATH|unix.O_DIRECTORY, 0, inRoot))
	for _, fd := range []program.Arg{tree, holder, born, done, userns} {
		p.Close(fd)
	}
}

// holdIDs forks a process into a user namespace of its own, below the container's. It shares the table of descriptors, for
// nothing but them tells which number it has in the /proc of the host.
func (s Mount) holdIDs(p *program.Program, holder, born, done program.Arg) (pid program.Arg) {
	flags, stack := program.Int(unix.CLONE_NEWUSER|unix.CLONE_FILES|uint64(unix.SIGCHLD)), program.Int(0)
	if runtime.GOARCH == "s390x" {
		flags, stack = stack, flags
	}
	pid = p.Call(unix.SYS_CLONE, flags, stack)
	parent := p.NewLabel()
	p.Try(func() { p.Expect(pid, ^uint64(0), 0, unix.ECHILD) }, func() { p.Goto(parent) }, unix.ECHILD)
	p.Prctl(unix.PR_SET_PDEATHSIG, program.Int(uint64(unix.SIGKILL)))
	// Its files in /proc shall be the container root's; a user namespace that others live in is not asked for here.
	p.Prctl(unix.PR_SET_DUMPABLE, program.Int(1))
	self := p.Open("/proc/self", unix.O_PATH|unix.O_DIRECTORY)
	p.Call(unix.SYS_DUP3, self, holder, program.Int(unix.O_CLOEXEC))
	p.Close(self)
	release(p, born)
	count := p.Cell(program.Int(0))
	p.Call(unix.SYS_READ, done, count.Addr(), program.Int(8))
	p.Call(unix.SYS_EXIT_GROUP, program.Int(0))
	p.Place(parent)
	return pid
}

func eventfd(p *program.Program) program.Arg {
	return p.Call(unix.SYS_EVENTFD2, program.Int(0), program.Int(unix.EFD_CLOEXEC))
}

func release(p *program.Program, event program.Arg) {
	p.Call(unix.SYS_WRITE, event, p.Record(program.Int(1)), program.Int(8))
}

func openIn(p *program.Program, dir program.Arg, path string, flags int) program.Arg {
	return p.Call(unix.SYS_OPENAT, dir, p.Str(path), program.Int(flags|unix.O_CLOEXEC), program.Int(0))
}
