package cgroup

import (
	"errors"
	"fmt"
	"strings"

	"golang.org/x/sys/unix"
)

// Dir is one cgroup, held open: what its name leads to later does not matter. Close it.
type Dir struct {
	fd   int // O_PATH
	path string
}

const dirFlags = unix.O_PATH | unix.O_DIRECTORY | unix.O_NOFOLLOW | unix.O_CLOEXEC

// Open opens the cgroup at path, which has to lie in a mounted cgroup v2 hierarchy.
func Open(path string) (*Dir, error) {
	d, err := openAt(unix.AT_FDCWD, path, path)
	if err != nil {
		return nil, err
	}
	var fs unix.Statfs_t
	if err := unix.Fstatfs(d.fd, &fs); err != nil {
		d.Close()
		return nil, fmt.Errorf("cgroup %s: statfs: %w", path, err)
	}
	if fs.Type != unix.CGROUP2_SUPER_MAGIC {
		d.Close()
		return nil, fmt.Errorf("%s is not in a cgroup v2 hierarchy", path)
	}
	return d, nil
}

func openAt(at int, name, path string) (*Dir, error) {
	fd, err := again(func() (int, error) { return unix.Openat(at, name, dirFlags, 0) })
	if err != nil {
		return nil, fmt.Errorf("open cgroup %s: %w", path, err)
	}
	return &Dir{fd, path}, nil
}

// Close gives the descriptor back; the cgroup stays.
func (d *Dir) Close() error { return unix.Close(d.fd) }

// Path is where the cgroup was opened.
func (d *Dir) Path() string { return d.path }

// Fd is the descriptor, for CLONE_INTO_CGROUP of clone3(2). It is valid until Close.
func (d *Dir) Fd() int { return d.fd }

// Child opens the cgroup name below d.
func (d *Dir) Child(name string) (*Dir, error) {
	if err := isName(name); err != nil {
		return nil, err
	}
	return openAt(d.fd, name, d.path+"/"+name)
}

// Make makes the cgroup name below d, and opens it. One that is there already is an error that matches unix.EEXIST.
func (d *Dir) Make(name string) (*Dir, error) {
	if err := isName(name); err != nil {
		return nil, err
	}
	path := d.path + "/" + name
	if err := unix.Mkdirat(d.fd, name, 0o755); err != nil {
		return nil, fmt.Errorf("make cgroup %s: %w%s", path, err, whyNoDir(err))
	}
	child, err := openAt(d.fd, name, path)
	if err != nil {
		_ = unix.Unlinkat(d.fd, name, unix.AT_REMOVEDIR)
	}
	return child, err
}

// whyNoDir explains errors of mkdir(2) in a cgroup.
func whyNoDir(err error) string {
	switch err {
	case unix.EACCES, unix.EPERM, unix.EROFS:
		return " (the cgroup above belongs to somebody else)"
	case unix.EAGAIN:
		return " (cgroup.max.depth or cgroup.max.descendants of a cgroup above is reached)"
	case unix.ENOENT:
		return " (the cgroup above has been removed)"
	}
	return ""
}

func isName(name string) error {
	if name == "" || name == "." || name == ".." || strings.ContainsAny(name, "/\x00") {
		return fmt.Errorf("%q is no name of a cgroup", name)
	}
	return nil
}

// maxFile bounds what is read of one file. cgroup.procs is the longest: 7 digits for each of 4 million processes would be
// 32 MB.
const maxFile = 64 << 20

// Read returns the content of a file of the cgroup.
func (d *Dir) Read(file string) (string, error) {
	text, err := readAt(d.fd, file)
	if err != nil {
		return "", fmt.Errorf("cgroup %s: read %s: %w", d.path, file, err)
	}
	return text, nil
}

func readAt(at int, file string) (string, error) {
	if err := isName(file); err != nil {
		return "", err
	}
	fd, err := again(func() (int, error) {
		return unix.Openat(at, file, unix.O_RDONLY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	})
	if err != nil {
		return "", err
	}
	defer unix.Close(fd)
	return readAll(fd)
}

// readAll reads to the end. The descriptor may be read again from the start.
func readAll(fd int) (string, error) {
	buf := make([]byte, 4096)
	used := 0
	for {
		n, err := again(func() (int, error) { return unix.Pread(fd, buf[used:], int64(used)) })
		if err != nil {
			return "", err
		}
		if n == 0 {
			return string(buf[:used]), nil
		}
		if used += n; used > maxFile {
			return "", errors.New("the file does not end")
		}
		if used == len(buf) {
			buf = append(buf, make([]byte, len(buf))...)
		}
	}
}

// Write writes a value to a file of the cgroup, in one piece as the kernel wants it.
func (d *Dir) Write(file, value string) error {
	if err := writeAt(d.fd, file, value); err != nil {
		return fmt.Errorf("cgroup %s: write %q to %s: %w", d.path, value, file, err)
	}
	return nil
}

func writeAt(at int, file, value string) error {
	if err := isName(file); err != nil {
		return err
	}
	fd, err := again(func() (int, error) {
		return unix.Openat(at, file, unix.O_WRONLY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	})
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	_, err = again(func() (int, error) { return unix.Write(fd, []byte(value)) })
	return err
}

// again repeats a system call that a signal interrupted.
func again(call func() (int, error)) (int, error) {
	for {
		n, err := call()
		if err != unix.EINTR {
			return n, err
		}
	}
}
