package step

import (
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/program"
)

// Propagation sets how mounts travel between the host's tree and the container's (mount_namespaces(7)), for the
// whole tree that the mount namespace began with.
type Propagation struct {
	Flags uint64 // MS_SLAVE, MS_PRIVATE, … with MS_REC
}

func (s Propagation) String() string { return "set propagation of / to " + program.Flags(s.Flags) }

// Emit implements Step.
func (s Propagation) Emit(p *program.Program) { p.Mount("", "/", "", s.Flags, "") }

// Root makes the directory Path a mount of its own and keeps a handle on it, which every later step resolves its paths
// in. The directory itself may not be a symlink.
type Root struct {
	Path string // absolute, on the host
}

func (s Root) String() string { return "take " + s.Path + " as root" }

// Emit implements Step.
func (s Root) Emit(p *program.Program) {
	dir := p.Open(s.Path, unix.O_PATH|unix.O_DIRECTORY|unix.O_NOFOLLOW)
	empty := p.Str("")
	flags := unix.OPEN_TREE_CLONE | unix.OPEN_TREE_CLOEXEC | unix.AT_RECURSIVE | unix.AT_EMPTY_PATH
	p.CallInto(root(p), unix.SYS_OPEN_TREE, dir, empty, program.Int(flags))
	p.MoveMount(root(p), dir)
}

// Explain implements program.Explainer.
func (s Root) Explain(errno syscall.Errno) string {
	switch errno {
	case unix.ENOTDIR, unix.ELOOP:
		return "root.path: " + s.Path + " is not a directory (a symlink is not followed)"
	case unix.ENOENT:
		return "root.path: " + s.Path + " does not exist"
	}
	return ""
}

// RootAttr changes the attributes of the root's mount: read-only, propagation.
type RootAttr struct {
	Set         uint64 // MOUNT_ATTR_*
	Propagation uint64 // MS_*; 0: as it is
}

func (s RootAttr) String() string {
	text := "make root"
	if s.Set&unix.MOUNT_ATTR_RDONLY != 0 {
		text += " read-only"
	}
	if s.Propagation != 0 {
		text += " " + program.Flags(s.Propagation)
	}
	return text
}

// Emit implements Step.
func (s RootAttr) Emit(p *program.Program) { p.MountSetattr(root(p), false, s.Set, 0, s.Propagation) }

// Pivot makes the root handle the root of the mount namespace and lets the host's tree go. The old root is mounted over
// the new one for a moment, at ".", and then detached: no directory for it is needed (pivot_root(2), "pivot_root(".", ".")").
type Pivot struct{}

func (Pivot) String() string { return "pivot into root" }

// Emit implements Step.
func (Pivot) Emit(p *program.Program) {
	dot := p.Str(".")
	p.Fchdir(root(p))
	p.Call(unix.SYS_PIVOT_ROOT, dot, dot)
	p.Call(unix.SYS_UMOUNT2, dot, program.Int(unix.MNT_DETACH))
	p.Call(unix.SYS_CHDIR, p.Str("/"))
}

// Chroot is the weaker way for a root on a ramfs, where pivot_root(2) is refused: the root is moved over / and entered
// with chroot(2). The host's tree stays below it, out of sight.
type Chroot struct{}

func (Chroot) String() string { return "move root to / and chroot into it" }

// Emit implements Step.
func (Chroot) Emit(p *program.Program) {
	p.Fchdir(root(p))
	p.Mount(".", "/", "", unix.MS_MOVE, "")
	p.Call(unix.SYS_CHROOT, p.Str("."))
	p.Call(unix.SYS_CHDIR, p.Str("/"))
}
