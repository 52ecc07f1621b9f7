package step

import (
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/idmap"
	"github.com/urun/urun/pkg/program"
)

// Mount mounts a new file system on a directory of the container, which is created where it is missing.
type Mount struct {
	Type, Source string
	Dest         string // inside the container
	Flags        uint64 // MS_*
	Data         string // options of the file system, separated by commas
	Attr         uint64 // MOUNT_ATTR_* to set recursively
	Clear        uint64 // MOUNT_ATTR_* to clear recursively
	Propagation  uint64 // MS_*; 0: as its parent
	Plain        bool   // the destination and its parents must be real directories, not symlinks (CVE-2019-19921)
	CopyUp       bool   // begin with what the directory held that is mounted over

	// UIDMap and GIDMap make it an id-mapped mount: from ids of the file system to ids of the container (the outer ones
	// of the map). nil: none.
	UIDMap, GIDMap idmap.Map
}

func (s Mount) String() string {
	text := "mount " + s.Type + " on " + s.Dest
	if s.CopyUp {
		text = "mount " + s.Type + " with the content of " + s.Dest
	}
	var opts []string
	if s.Flags != 0 {
		opts = append(opts, program.Flags(s.Flags))
	}
	if s.Data != "" {
		opts = append(opts, s.Data)
	}
	opts = append(opts, attrs(s.Attr, s.Propagation)...)
	opts = append(opts, cleared(s.Clear)...)
	if s.UIDMap != nil {
		opts = append(opts, "uid map "+s.UIDMap.String(), "gid map "+s.GIDMap.String())
	}
	if len(opts) == 0 {
		return text
	}
	return text + " (" + strings.Join(opts, ", ") + ")"
}

// Explain implements program.Explainer.
func (s Mount) Explain(errno syscall.Errno) string {
	if errno == unix.EINVAL && s.UIDMap != nil {
		return s.String() + ": " + errno.Error() + ": this kernel has no id-mapped mounts of " + s.Type + " (tmpfs: since Linux 6.3), or the maps are not well-formed"
	}
	if errno == unix.ELOOP && s.Plain {
		return "mount " + s.Type + " on " + s.Dest + ": the rootfs has a symlink there; " + s.Type + " must be mounted on a real directory"
	}
	if errno == unix.ENODEV {
		return s.String() + ": " + errno.Error() + " (this kernel has no file system " + strconv.Quote(s.Type) + ", or has not loaded it)"
	}
	return ""
}

// Emit implements Step. The mount goes to ".", for a path could have been exchanged since it was opened.
func (s Mount) Emit(p *program.Program) {
	resolve := uint64(0)
	if s.Plain {
		resolve = unix.RESOLVE_NO_SYMLINKS
	}
	if s.CopyUp || s.Type == "tmpfs" && s.Flags&unix.MS_REMOUNT == 0 && !s.Plain && !s.hasData("mode=") {
		s.over(p)
	} else {
		s.onto(p, resolve)
	}
	if s.UIDMap != nil {
		s.mapIDs(p)
	}
	if s.Attr != 0 || s.Clear != 0 || s.Propagation != 0 {
		setattr(p, p.Openat2(root(p), rel(s.Dest), unix.O_PATH, 0, inRoot), true, s.Attr, s.Clear, s.Propagation)
	}
}

// onto mounts on the directory as it is. Where that is a mount of the same cgroups already, which it is in the host's /sys, the
// kernel answers EBUSY, unless something lies between (do_add_mount in fs/namespace.c).
func (s Mount) onto(p *program.Program, resolve uint64) {
	mount := func() { p.Mount(s.Source, ".", s.Type, s.Flags, s.Data) }
	p.Fchdir(openDir(p, s.Dest, resolve))
	if s.Type != "cgroup2" {
		mount()
		return
	}
	p.Try(mount, func() {
		p.Mount("tmpfs", ".", "tmpfs", s.Flags, "mode=755")
		p.Fchdir(p.Openat2(root(p), rel(s.Dest), unix.O_PATH|unix.O_DIRECTORY, 0, inRoot))
		mount()
	}, unix.EBUSY)
}

// Device shows a device node of the host in the container: an ordinary user cannot make one (mknod(2): EPERM).
type Device struct {
	Source, Dest string
}

func (s Device) String() string { return "device " + s.Dest + " from " + s.Source }

// Emit implements Step. The usual case is a fresh /dev, where the file to bind on is made with one call. It is not opened for
// writing: where /dev is no file system of its own, that would keep the root from becoming read-only.
func (s Device) Emit(p *program.Program) {
	tree := p.OpenTree(program.CWD, s.Source, false)
	dest := p.Cell(program.Int(0))
	p.Try(func() {
		p.Openat2Into(dest, root(p), rel(s.Dest), unix.O_RDONLY|unix.O_CREAT|unix.O_EXCL, 0o666, inRoot)
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
