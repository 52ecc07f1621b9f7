package step

import (
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/program"
)

// Bind shows a file or directory of the host in the container. A missing destination is created, as what the source is.
type Bind struct {
	Source      string // absolute, on the host
	Dest        string // inside the container
	Recursive   bool
	Attr        uint64 // MOUNT_ATTR_* of the topmost mount
	AttrAll     uint64 // MOUNT_ATTR_* of all mounts of the tree
	ClearAll    uint64 // MOUNT_ATTR_* that no mount of the tree shall have
	Propagation uint64 // MS_*; 0: as the source
	NoTimes     int    // notice, as in Optional, for access times that the kernel has locked
	Links       Links  // what to do about symlinks
	Remount     bool   // change what is mounted on Dest; Source is not looked at
	Placeless   int    // notice, as in Optional, for a file that the root has no place for; 0: that is a failure
}

// Links says which symlinks a Bind follows.
type Links uint8

// The options of crun's list; they can be had together.
const (
	SourceNoFollow Links = 1 << iota // a Source that is a symlink is itself what is shown
	DestNoFollow                     // a Dest that is a symlink is itself mounted on
	CopySymlink                      // a Source that is a symlink is made anew at Dest
)

func (s Bind) String() string {
	text := "bind "
	if s.Recursive {
		text = "rbind "
	}
	text += s.Source + " on " + s.Dest
	if s.Remount {
		text = "remount " + s.Dest
	}
	opts := append(attrs(s.Attr, s.Propagation), attrs(s.AttrAll, 0)...)
	for i, name := range []string{"src-nofollow", "dest-nofollow", "copy-symlink"} {
		if s.Links&(1<<i) != 0 {
			opts = append(opts, name)
		}
	}
	if opts = append(opts, cleared(s.ClearAll)...); len(opts) > 0 {
		text += " (" + strings.Join(opts, ", ") + ")"
	}
	return text
}

// Explain implements program.Explainer.
func (s Bind) Explain(errno syscall.Errno) string {
	switch {
	case errno == unix.ENOSYS && s.AttrAll|s.ClearAll|s.Attr|s.Propagation != 0:
		return s.String() + ": the kernel has no mount_setattr(2), or a seccomp filter hides it: options of a bind mount need Linux 5.12"
	case errno == unix.EINVAL && !s.Remount:
		return s.String() + ": invalid argument: one is a directory and the other is not, or what is mounted on the source may not be bound"
	case errno == unix.EEXIST:
		return s.String() + ": the root has a symlink there that leads to nothing; make the directory that it leads to"
	case errno == unix.EPERM && s.ClearAll != 0:
		return s.String() + ": the host's mount has a flag that may not be cleared without root (mount_namespaces(7), locked mounts)"
	case errno == unix.ENOENT && !s.Remount: // a missing destination is made
		return s.String() + ": " + errno.Error() + " (is there a " + s.Source + " on the host?)"
	}
	return ""
}

// Emit implements Step. The source is opened as a detached mount before anything is done with it, so it cannot be
// exchanged; but for ClearAll attributes are only added, so those that the kernel has locked stay (mount_namespaces(7)).
func (s Bind) Emit(p *program.Program) {
	end := p.NewLabel()
	if s.Links&CopySymlink != 0 {
		s.copyLink(p, end)
	}
	if s.Remount {
		s.attributes(p, s.dest(p))
	} else {
		tree := s.tree(p)
		dest := p.Cell(program.Int(0))
		if s.Placeless > 0 {
			s.perhaps(p, tree, dest, end)
		} else {
			p.Try(func() { s.openDest(p, dest) }, func() { s.makeDest(p, tree, dest) }, unix.ENOENT)
			s.attributes(p, tree)
			p.MoveMount(tree, dest)
		}
	}
	p.Place(end)
}

// tree opens the source as a detached mount.
func (s Bind) tree(p *program.Program) program.Arg {
	if s.Links&SourceNoFollow == 0 {
		return p.OpenTree(program.CWD, s.Source, s.Recursive)
	}
	return p.OpenTree(p.Open(s.Source, unix.O_PATH|unix.O_NOFOLLOW), "", s.Recursive)
}

func (s Bind) dest(p *program.Program) program.Arg {
	dest := p.Cell(program.Int(0))
	s.openDest(p, dest)
	return dest
}

func (s Bind) openDest(p *program.Program, dest program.Arg) {
	flags := uint64(unix.O_PATH)
	if s.Links&DestNoFollow != 0 {
		flags |= unix.O_NOFOLLOW
	}
	p.Openat2Into(dest, root(p), rel(s.Dest), flags, 0, inRoot)
}

// copyLink makes the symlink Source anew and goes to end; any other source is left to what follows (readlink(2): EINVAL).
func (s Bind) copyLink(p *program.Program, end program.Label) {
	none := p.NewLabel()
	target := p.Data(make([]byte, unix.PathMax)) // stays ended by a NUL
	p.Try(func() {
		p.Call(unix.SYS_READLINKAT, program.CWD, p.Str(s.Source), target, program.Int(unix.PathMax-1))
	}, func() { p.Goto(none) }, unix.EINVAL)
	parent, name := openParent(p, s.Dest)
	p.Try(func() { p.Call(unix.SYS_SYMLINKAT, target, parent, p.Str(name)) }, nil, unix.EEXIST)
	p.Goto(end)
	p.Place(none)
}

// attributes sets what was asked for.
func (s Bind) attributes(p *program.Program, tree program.Arg) {
	s.set(p, tree, true, s.AttrAll, s.ClearAll)
	s.set(p, tree, false, s.Attr, 0)
	if s.Propagation != 0 {
		setattr(p, tree, s.Propagation&unix.MS_REC != 0, 0, 0, s.Propagation)
	}
}

// accessTimes are the attributes that the kernel locks on every mount of the host, whatever they are.
const accessTimes = unix.MOUNT_ATTR__ATIME | unix.MOUNT_ATTR_NODIRATIME

func (s Bind) set(p *program.Program, tree program.Arg, recursive bool, set, clr uint64) {
	if hard, off := set&^accessTimes, clr&^accessTimes; hard|off != 0 {
		setattr(p, tree, recursive, hard, off, 0)
	}
	if times, off := set&accessTimes, clr&accessTimes; times|off != 0 {
		p.Try(func() { setattr(p, tree, recursive, times, off, 0) }, func() { note(p, s.NoTimes) }, unix.EPERM)
	}
}

// setattr sets and clears attributes; those about access times are one value, which is cleared to be set. The MS_REC of a
// propagation is not for the kernel: recursive says it.
func setattr(p *program.Program, tree program.Arg, recursive bool, set, clr, propagation uint64) {
	if (set|clr)&unix.MOUNT_ATTR__ATIME != 0 {
		clr |= unix.MOUNT_ATTR__ATIME
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

// cleared names the attributes that are taken away.
func cleared(attr uint64) (opts []string) {
	if attr != 0 {
		opts = append(opts, "not "+program.Attrs(attr))
	}
	return opts
}
