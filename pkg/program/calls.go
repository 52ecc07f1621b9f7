package program

import (
	"encoding/binary"

	"golang.org/x/sys/unix"
)

const exitGroup = unix.SYS_EXIT_GROUP

// CWD stands for AT_FDCWD: paths are those of the child's current root and directory.
var CWD = Int(unix.AT_FDCWD)

// Openat2 opens path below dir with O_* flags and RESOLVE_* resolve (openat2(2)). mode only with O_CREAT.
func (p *Program) Openat2(dir Arg, path string, flags, mode, resolve uint64) Arg {
	dst := p.Cell(Int(0))
	p.Openat2Into(dst, dir, path, flags, mode, resolve)
	return dst
}

// Openat2Into is Openat2 with a given cell for the descriptor.
func (p *Program) Openat2Into(dst, dir Arg, path string, flags, mode, resolve uint64) {
	how := p.Record(Int(flags|unix.O_CLOEXEC), Int(mode), Int(resolve))
	p.CallInto(dst, unix.SYS_OPENAT2, dir, p.Str(path), how, Int(unix.SizeofOpenHow))
}

// Open opens a path of the current root.
func (p *Program) Open(path string, flags int) Arg {
	return p.Call(unix.SYS_OPENAT, CWD, p.Str(path), Int(flags|unix.O_CLOEXEC), Int(0))
}

// Write writes text with one call and expects no less to arrive: files of procfs take a value whole.
func (p *Program) Write(fd Arg, text string) {
	p.Call(unix.SYS_WRITE, fd, p.Str(text), Int(len(text)))
}

// WriteFile opens path of the current root, writes text and closes it.
func (p *Program) WriteFile(path, text string) {
	fd := p.Open(path, unix.O_WRONLY)
	p.Write(fd, text)
	p.Close(fd)
}

// Close closes fd.
func (p *Program) Close(fd Arg) { p.Call(unix.SYS_CLOSE, fd) }

// OpenTree makes a detached copy of the mount at path below dir; path "" means dir itself (open_tree(2)).
func (p *Program) OpenTree(dir Arg, path string, recursive bool) Arg {
	flags := uint64(unix.OPEN_TREE_CLONE | unix.OPEN_TREE_CLOEXEC)
	if path == "" {
		flags |= unix.AT_EMPTY_PATH
	}
	if recursive {
		flags |= unix.AT_RECURSIVE
	}
	return p.Call(unix.SYS_OPEN_TREE, dir, p.Str(path), Int(flags))
}

// MoveMount attaches the detached mount tree on the file or directory at, both given as descriptors (move_mount(2)).
func (p *Program) MoveMount(tree, at Arg) {
	empty := p.Str("")
	p.Call(unix.SYS_MOVE_MOUNT, tree, empty, at, empty, Int(unix.MOVE_MOUNT_F_EMPTY_PATH|unix.MOVE_MOUNT_T_EMPTY_PATH))
}

// MountSetattr changes the attributes (MOUNT_ATTR_*) and the propagation (MS_*) of the mount that tree refers to
// (mount_setattr(2)).
func (p *Program) MountSetattr(tree Arg, recursive bool, set, clr, propagation uint64) {
	flags := unix.AT_EMPTY_PATH
	if recursive {
		flags |= unix.AT_RECURSIVE
	}
	attr := p.Record(Int(set), Int(clr), Int(propagation), Int(0))
	p.Call(unix.SYS_MOUNT_SETATTR, tree, p.Str(""), Int(flags), attr, Int(sizeofMountAttr))
}

// sizeofMountAttr is MOUNT_ATTR_SIZE_VER0: four 64-bit members.
const sizeofMountAttr = 32

// Mount is mount(2); an empty data passes NULL.
func (p *Program) Mount(source, target, fstype string, flags uint64, data string) {
	opts := Int(0)
	if data != "" {
		opts = p.Str(data)
	}
	p.Call(unix.SYS_MOUNT, p.Str(source), p.Str(target), p.Str(fstype), Int(flags), opts)
}

// Fchdir makes the directory fd the current one.
func (p *Program) Fchdir(fd Arg) { p.Call(unix.SYS_FCHDIR, fd) }

// Prctl is prctl(2) with up to four arguments.
func (p *Program) Prctl(option int, args ...Arg) {
	p.Call(unix.SYS_PRCTL, append([]Arg{Int(option)}, args...)...)
}

// CloseRange closes the descriptors first…last, or marks them close-on-exec with CLOSE_RANGE_CLOEXEC in flags.
func (p *Program) CloseRange(first, last Arg, flags int) {
	p.Call(unix.SYS_CLOSE_RANGE, first, last, Int(flags))
}

// Sigdefault gives signals their default action. What is ignored would stay so over execve(2).
func (p *Program) Sigdefault(signals []int) {
	if len(signals) == 0 {
		return
	}
	action := p.Data(make([]byte, 32)) // struct sigaction of the kernel: SIG_DFL, no flags, empty mask
	for _, sig := range signals {
		p.Call(unix.SYS_RT_SIGACTION, Int(sig), action, Int(0), Int(8))
	}
}

// Sigmask sets the mask of blocked signals to none.
func (p *Program) Sigmask() {
	p.Call(unix.SYS_RT_SIGPROCMASK, Int(sigSetmask), p.Data(make([]byte, 8)), Int(0), Int(8))
}

const sigSetmask = 2

// Pair packs two 32-bit members of a structure into one 64-bit cell, in memory order.
func Pair(first, second uint32) Arg {
	var b [8]byte
	binary.NativeEndian.PutUint32(b[:4], first)
	binary.NativeEndian.PutUint32(b[4:], second)
	return Int(binary.NativeEndian.Uint64(b[:]))
}
