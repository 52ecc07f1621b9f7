package step

import (
	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/program"
)

// Mask hides a path of the container: a directory behind an empty read-only one, a file behind /dev/null. What is not
// there needs no hiding. The host's /dev/null is used, which nothing in the rootfs can replace (CVE-2025-31133).
type Mask struct {
	Path string
}

func (s Mask) String() string { return "mask " + s.Path }

// Emit implements Step.
func (s Mask) Emit(p *program.Program) {
	ifPresent(p, s.Path, func(at program.Arg) {
		p.Try(func() {
			p.Fchdir(at)
			p.Mount("tmpfs", ".", "tmpfs", unix.MS_RDONLY|unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, "size=0,nr_inodes=2,mode=755")
		}, func() { p.MoveMount(p.OpenTree(program.CWD, "/dev/null", false), at) }, unix.ENOTDIR)
	})
}

// Readonly makes a path of the container read-only, with all that is mounted below it.
type Readonly struct {
	Path string
}

func (s Readonly) String() string { return "make read-only " + s.Path }

// Emit implements Step.
func (s Readonly) Emit(p *program.Program) {
	ifPresent(p, s.Path, func(at program.Arg) {
		tree := p.OpenTree(at, "", true)
		p.MountSetattr(tree, true, unix.MOUNT_ATTR_RDONLY, 0, 0)
		p.MoveMount(tree, at)
	})
}

// ifPresent emits body for path, to be passed over when there is nothing at path or it cannot be reached.
func ifPresent(p *program.Program, path string, body func(at program.Arg)) {
	absent := p.NewLabel()
	at := p.Cell(program.Int(0))
	p.Try(func() { p.Openat2Into(at, root(p), rel(path), unix.O_PATH, 0, inRoot) }, func() { p.Goto(absent) },
		unix.ENOENT, unix.ENOTDIR, unix.EACCES)
	body(at)
	p.Place(absent)
}
