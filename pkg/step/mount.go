package step

import (
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/program"
)

// Mount mounts a new file system on a directory of the container, which is created where it is missing.
type Mount struct {
	Type, Source string
	Dest         string // inside the container
	Flags        uint64 // MS_*
	Data         string // options of the file system, separated by commas
	Attr         uint64 // MOUNT_ATTR_* to set recursively
	Propagation  uint64 // MS_*; 0: as its parent
	Plain        bool   // the destination and its parents must be real directories, not symlinks (CVE-2019-19921)
}

func (s Mount) String() string {
	text := "mount " + s.Type + " on " + s.Dest
	var opts []string
	if s.Flags != 0 {
		opts = append(opts, program.Flags(s.Flags))
	}
	if s.Data != "" {
		opts = append(opts, s.Data)
	}
	opts = append(opts, attrs(s.Attr, s.Propagation)...)
	if len(opts) == 0 {
		return text
	}
	return text + " (" + strings.Join(opts, ", ") + ")"
}

// Explain implements program.Explainer.
func (s Mount) Explain(errno syscall.Errno) string {
	if errno == unix.ELOOP && s.Plain {
		return "mount " + s.Type + " on " + s.Dest + ": the rootfs has a symlink there; " + s.Type + " must be mounted on a real directory"
	}
	return ""
}

// Emit implements Step. The mount goes to ".", for a path could have been exchanged since it was opened.
func (s Mount) Emit(p *program.Program) {
	resolve := uint64(0)
	if s.Plain {
		resolve = unix.RESOLVE_NO_SYMLINKS
	}
	p.Fchdir(openDir(p, s.Dest, resolve))
	p.Mount(s.Source, ".", s.Type, s.Flags, s.Data)
	if s.Attr != 0 || s.Propagation != 0 {
		setattr(p, p.Openat2(root(p), rel(s.Dest), unix.O_PATH, 0, inRoot), true, s.Attr, s.Propagation)
	}
}

// Bind shows a file or directory of the host in the container. A missing destination is created, as what the source is.
type Bind struct {
	Source      string // absolute, on the host
	Dest        string // inside the container
	Recursive   bool
	Attr        uint64 // MOUNT_ATTR_* of the topmost mount
	AttrAll     uint64 // MOUNT_ATTR_* of all mounts of the tree
	Propagation uint64 // MS_*; 0: as the source
}

func (s Bind) String() string {
	text := "bind "
	if s.Recursive {
		text = "rbind "
	}
	text += s.Source + " on " + s.Dest
	if opts := append(attrs(s.Attr, s.Propagation), attrs(s.AttrAll, 0)...); len(opts) > 0 {
		text += " (" + strings.Join(opts, ", ") + ")"
	}
	return text
}

// Emit implements Step. The source is opened as a detached mount before anything is done with it, so it cannot be
// exchanged; attributes are only added, so those that the kernel has locked stay (mount_namespaces(7)).
func (s Bind) Emit(p *program.Program) {
	tree := p.OpenTree(program.CWD, s.Source, s.Recursive)
	dest := p.Cell(program.Int(0))
	open := func() { p.Openat2Into(dest, root(p), rel(s.Dest), unix.O_PATH, 0, inRoot) }
	p.Try(open, func() {
		parent, name := openParent(p, s.Dest)
		p.Try(func() {
			p.Fchdir(tree)
			p.Call(unix.SYS_MKDIRAT, parent, p.Str(name), program.Int(0o755))
		}, func() { makeFile(p, parent, name) }, unix.ENOTDIR)
		open()
	}, unix.ENOENT)
	if s.AttrAll != 0 {
		setattr(p, tree, true, s.AttrAll, 0)
	}
	if s.Attr != 0 {
		setattr(p, tree, false, s.Attr, 0)
	}
	if s.Propagation != 0 {
		setattr(p, tree, s.Propagation&unix.MS_REC != 0, 0, s.Propagation)
	}
	p.MoveMount(tree, dest)
}

// setattr sets attributes; those about access times are one value, which is cleared to be set. The MS_REC of a
// propagation is not for the kernel: recursive says it.
func setattr(p *program.Program, tree program.Arg, recursive bool, set, propagation uint64) {
	clr := uint64(0)
	if set&unix.MOUNT_ATTR__ATIME != 0 {
		clr = unix.MOUNT_ATTR__ATIME
	}
	p.MountSetattr(tree, recursive, set, clr, propagation&^unix.MS_REC)
}

func attrs(attr, propagation uint64) (opts []string) {
	if attr != 0 {
		opts = append(opts, program.Attrs(attr))
	}
	if propagation != 0 {
		opts = append(opts, program.Flags(propagation))
	}
	return opts
}

// Device shows a device node of the host in the container: an ordinary user cannot make one (mknod(2): EPERM).
type Device struct {
	Source, Dest string
}

func (s Device) String() string { return "device " + s.Dest + " from " + s.Source }

// Emit implements Step. The usual case is a fresh /dev, where the file to bind on is made with one call.
func (s Device) Emit(p *program.Program) {
	tree := p.OpenTree(program.CWD, s.Source, false)
	dest := p.Cell(program.Int(0))
	p.Try(func() {
		p.Openat2Into(dest, root(p), rel(s.Dest), unix.O_WRONLY|unix.O_CREAT|unix.O_EXCL, 0o666, inRoot)
	}, func() {
		p.Try(func() { p.Openat2Into(dest, root(p), rel(s.Dest), unix.O_PATH, 0, inRoot) }, func() {
			parent, name := openParent(p, s.Dest)
			makeFile(p, parent, name)
			p.Openat2Into(dest, root(p), rel(s.Dest), unix.O_PATH, 0, inRoot)
		}, unix.ENOENT)
	}, unix.EEXIST, unix.ENOENT, unix.EISDIR, unix.EROFS)
	p.MoveMount(tree, dest)
}

// Symlink makes a symbolic link in the container; one that is there already is left alone.
type Symlink struct {
	Target, Path string
}

func (s Symlink) String() string { return "symlink " + s.Path + " to " + s.Target }

// Emit implements Step.
func (s Symlink) Emit(p *program.Program) {
	parent, name := openParent(p, s.Path)
	p.Try(func() { p.Call(unix.SYS_SYMLINKAT, p.Str(s.Target), parent, p.Str(name)) }, nil, unix.EEXIST, unix.EROFS)
}
