package state

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// maxFile bounds what is read of one file, in bytes: a config.json may have 32 MiB.
const maxFile = 64 << 20

var errTooLarge = errors.New("file is too large")

// readFile reads a file relative to a directory handle. It asks the kernel directly: package os would set up its
// poller for the file first, which costs more than the rest of a short command.
func readFile(dirfd int, name string) ([]byte, error) {
	fd, err := openat(dirfd, name, unix.O_RDONLY, 0)
	if err != nil {
		return nil, err
	}
	defer unix.Close(fd)
	buf := make([]byte, 4096)
	for n := 0; ; {
		m, err := unix.Read(fd, buf[n:])
		switch {
		case err == unix.EINTR:
			continue
		case err != nil:
			return nil, err
		case m == 0:
			return buf[:n], nil
		}
		if n += m; n == len(buf) {
			if n >= maxFile {
				return nil, errTooLarge
			}
			buf = append(buf, make([]byte, 3*n)...)
		}
	}
}

// stageFile writes what is to take the place of a file: beside it, and flushed. On any error, a full disk for one, nothing is
// left beside it.
//
// Preconditions: the caller holds the lock, since the name beside is fixed.
func stageFile(dirfd int, name string, data []byte) error {
	beside := name + ".new"
	fd, err := openat(dirfd, beside, unix.O_WRONLY|unix.O_CREAT|unix.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("create %s: %w", beside, err)
	}
	err = writeAll(fd, data)
	if err == nil {
		err = unix.Fsync(fd)
	}
	if cerr := unix.Close(fd); err == nil {
		err = cerr
	}
	if err != nil {
		_ = unix.Unlinkat(dirfd, beside, 0)
		return fmt.Errorf("write %s: %w", name, err)
	}
	return nil
}

// commitFile lets what has been staged take the place of the file, all at once. On an error the old file stays as it was.
func commitFile(dirfd int, name string) error {
	beside := name + ".new"
	if err := unix.Renameat(dirfd, beside, dirfd, name); err != nil {
		_ = unix.Unlinkat(dirfd, beside, 0)
		return fmt.Errorf("write %s: %w", name, err)
	}
	return nil
}

func writeAll(fd int, data []byte) error {
	for len(data) > 0 {
		n, err := unix.Write(fd, data)
		if err != nil && err != unix.EINTR {
			return err
		}
		data = data[max(n, 0):]
	}
	return nil
}

// openat never lets a descriptor through an exec, never follows a symlink in the last component, and does not wait for the other
// end of a fifo that somebody has put there.
func openat(dirfd int, name string, flags int, mode uint32) (int, error) {
	for {
		fd, err := unix.Openat(dirfd, name, flags|unix.O_CLOEXEC|unix.O_NOFOLLOW|unix.O_NONBLOCK, mode)
		if err != unix.EINTR {
			return fd, err
		}
	}
}
