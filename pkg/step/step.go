// Package step has the words in which a plan is written. Each is a small struct that knows one thing to do to a process
// on its way to becoming a container, says it in one line, and emits the system calls that it is made of.
//
// A step has no condition on another step and knows no type of the OCI spec. What may fail is wrapped: Optional for
// what may be absent, Ladder for the same effect by other means.
package step

import (
	"encoding/binary"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/program"
)

// Step is one word of a plan.
type Step interface {
	// String says what the step does, in one line.
	String() string
	// Emit appends the step's system calls to p.
	Emit(p *program.Program)
}

var nativeEndian = binary.NativeEndian

// root is the cell that holds the handle of the container's root, from Root on.
func root(p *program.Program) program.Arg { return p.Input("root") }

// inRoot resolves like a process inside the container would: no symlink leads out (openat2(2)).
const inRoot = unix.RESOLVE_IN_ROOT | unix.RESOLVE_NO_MAGICLINKS

// rel turns an absolute path of the container into one below its root.
func rel(path string) string {
	path = strings.TrimLeft(path, "/")
	if path == "" {
		return "."
	}
	return path
}

// openDir opens the directory path inside the root, creating it and its parents (0755) where they are missing.
// resolve holds more RESOLVE_* flags.
func openDir(p *program.Program, path string, resolve uint64) program.Arg {
	dst := p.Cell(program.Int(0))
	p.Try(func() {
		p.Openat2Into(dst, root(p), rel(path), unix.O_PATH|unix.O_DIRECTORY, 0, inRoot|resolve)
	}, func() {
		parent, name := openParent(p, path)
		p.Try(func() { p.Call(unix.SYS_MKDIRAT, parent, p.Str(name), program.Int(0o755)) }, nil, unix.EEXIST)
		p.Openat2Into(dst, root(p), rel(path), unix.O_PATH|unix.O_DIRECTORY, 0, inRoot|resolve)
	}, unix.ENOENT)
	return dst
}

// openParent opens the directory that path lies in, creating what is missing, and returns it with path's last name.
func openParent(p *program.Program, path string) (parent program.Arg, name string) {
	path = rel(path)
	parent = root(p)
	for i := 0; i < len(path); i++ {
		if path[i] != '/' {
			continue
		}
		from := strings.LastIndexByte(path[:i], '/') + 1
		parent = descend(p, parent, path[:i], path[from:i])
	}
	return parent, path[strings.LastIndexByte(path, '/')+1:]
}

// descend opens the directory prefix inside the root; where it is missing it is made as name in parent.
func descend(p *program.Program, parent program.Arg, prefix, name string) program.Arg {
	dst := p.Cell(program.Int(0))
	open := func() { p.Openat2Into(dst, root(p), prefix, unix.O_PATH|unix.O_DIRECTORY, 0, inRoot) }
	p.Try(open, func() {
		p.Call(unix.SYS_MKDIRAT, parent, p.Str(name), program.Int(0o755))
		open()
	}, unix.ENOENT)
	return dst
}

// makeFile makes an empty file called name in parent.
func makeFile(p *program.Program, parent program.Arg, name string) {
	fd := p.Call(unix.SYS_OPENAT, parent, p.Str(name),
		program.Int(unix.O_WRONLY|unix.O_CREAT|unix.O_EXCL|unix.O_CLOEXEC|unix.O_NOFOLLOW), program.Int(0o644))
	p.Close(fd)
}
