package copyup

import (
	"errors"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// failure is what could not be copied, and why.
type failure struct {
	path  string // from the top of the directory
	errno syscall.Errno
}

func failed(path string, err error) *failure {
	var errno syscall.Errno
	if !errors.As(err, &errno) || errno == 0 {
		errno = unix.EIO
	}
	return &failure{path, errno}
}

// copier knows what is the same for all of the tree.
type copier struct {
	root                int // where the copy goes
	keepMode, keepOwner bool
	links               map[inode]string // the copies of files with several names
}

type inode struct{ dev, ino uint64 }

// tree copies what is in the directory from into the directory to, which is at path in the copy; then to becomes like from
// itself. Both descriptors are closed.
func (c *copier) tree(from, to int, path string) *failure {
	dir := os.NewFile(uintptr(from), path)
	defer dir.Close()
	if path != "" {
		defer unix.Close(to)
	}
	for {
		names, err := dir.Readdirnames(256)
		for _, name := range names {
			if f := c.entry(from, to, name, join(path, name)); f != nil {
				return f
			}
		}
		if len(names) == 0 {
			break
		}
		if err != nil {
			return failed(path, err)
		}
	}
	var st unix.Stat_t
	if err := unix.Fstat(from, &st); err != nil {
		return failed(path, err)
	}
	top := path == ""
	if err := c.dress(from, to, &st, top && c.keepMode, top && c.keepOwner); err != nil {
		return failed(path, err)
	}
	return nil
}

// entry copies one name. Device nodes are left out: an ordinary user can make none.
func (c *copier) entry(from, to int, name, path string) *failure {
	var st unix.Stat_t
	if err := unix.Fstatat(from, name, &st, unix.AT_SYMLINK_NOFOLLOW); err != nil {
		return failed(path, err)
	}
	var err error
	switch st.Mode & unix.S_IFMT {
	case unix.S_IFDIR:
		return c.dir(from, to, name, path)
	case unix.S_IFREG:
		err = c.file(from, to, name, path, &st)
	case unix.S_IFLNK:
		err = symlink(from, to, name)
	case unix.S_IFIFO, unix.S_IFSOCK:
		err = unix.Mknodat(to, name, st.Mode, 0)
	default:
		return nil
	}
	if err == nil && st.Mode&unix.S_IFMT != unix.S_IFREG {
		err = later(to, name, &st)
	}
	if err != nil {
		return failed(path, err)
	}
	return nil
}

func (c *copier) dir(from, to int, name, path string) *failure {
	src, err := unix.Openat(from, name, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return failed(path, err)
	}
	dst := -1
	if err = unix.Mkdirat(to, name, 0o700); err == nil {
		dst, err = unix.Openat(to, name, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	}
	if err != nil {
		unix.Close(src)
		return failed(path, err)
	}
	return c.tree(src, dst, path)
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "/" + name
}
