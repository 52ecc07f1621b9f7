package copyup

import (
	"errors"
	"strings"

	"golang.org/x/sys/unix"
)

// file copies a regular file; one that has been copied under another name becomes a link to that copy.
func (c *copier) file(from, to int, name, path string, st *unix.Stat_t) error {
	id := inode{uint64(st.Dev), st.Ino}
	if first, ok := c.links[id]; ok {
		return unix.Linkat(c.root, first, to, name, 0)
	}
	// Not to wait for the other end of what has become a pipe since it was looked at.
	src, err := unix.Openat(from, name, unix.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(src)
	if err := unix.Fstat(src, st); err != nil {
		return err
	}
	if st.Mode&unix.S_IFMT != unix.S_IFREG {
		return unix.ESTALE
	}
	dst, err := unix.Openat(to, name, unix.O_WRONLY|unix.O_CREAT|unix.O_EXCL|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0o600)
	if err != nil {
		return err
	}
	defer unix.Close(dst)
	if err := content(src, dst, st); err != nil {
		return err
	}
	if st.Nlink > 1 {
		if c.links == nil {
			c.links = map[inode]string{}
		}
		c.links[id] = path
	}
	return c.dress(src, dst, st, false, false)
}

func symlink(from, to int, name string) error {
	target := make([]byte, unix.PathMax)
	n, err := unix.Readlinkat(from, name, target)
	if err != nil {
		return err
	}
	return unix.Symlinkat(string(target[:n]), to, name)
}

// dress gives the copy dst owner, mode, extended attributes and times of src. An owner that the user namespace does not know
// cannot be given: the copy stays the container root's.
func (c *copier) dress(src, dst int, st *unix.Stat_t, keepMode, keepOwner bool) error {
	if !keepOwner {
		if err := unix.Fchown(dst, int(st.Uid), int(st.Gid)); err != nil && !unownable(err) {
			return err
		}
	}
	if !keepMode { // behind the change of owner, which takes set-uid bits away
		if err := unix.Fchmod(dst, st.Mode&0o7777); err != nil {
			return err
		}
	}
	attributes(src, dst)
	return unix.UtimesNanoAt(dst, "", []unix.Timespec{st.Atim, st.Mtim}, unix.AT_EMPTY_PATH)
}

// later gives what has no descriptor owner and times.
func later(to int, name string, st *unix.Stat_t) error {
	if err := unix.Fchownat(to, name, int(st.Uid), int(st.Gid), unix.AT_SYMLINK_NOFOLLOW); err != nil && !unownable(err) {
		return err
	}
	if st.Mode&unix.S_IFMT != unix.S_IFLNK {
		if err := unix.Fchmodat(to, name, st.Mode&0o7777, 0); err != nil {
			return err
		}
	}
	return unix.UtimesNanoAt(to, name, []unix.Timespec{st.Atim, st.Mtim}, unix.AT_SYMLINK_NOFOLLOW)
}

func unownable(err error) bool { return errors.Is(err, unix.EINVAL) || errors.Is(err, unix.EPERM) }

// attributes copies the extended attributes that a tmpfs takes; what it does not take is no loss that a mount could avoid.
// The label of SELinux belongs to the mount.
func attributes(src, dst int) {
	n, err := unix.Flistxattr(src, nil)
	if err != nil || n == 0 {
		return
	}
	list, value := make([]byte, n), make([]byte, 1<<16)
	if n, err = unix.Flistxattr(src, list); err != nil {
		return
	}
	for name := range strings.SplitSeq(string(list[:n]), "\x00") {
		if name == "" || name == "security.selinux" {
			continue
		}
		if size, err := unix.Fgetxattr(src, name, value); err == nil {
			_ = unix.Fsetxattr(dst, name, value[:size], 0)
		}
	}
}
