package state

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// Lock waits until nobody else changes the container. ErrNotExist: it was removed meanwhile.
//
// The lock ends with Unlock or Close, with the process at the latest. No program that is executed inherits it.
// A forked child that executes nothing shares it, which Unlock ends for both.
func (d *Dir) Lock() error {
	_, err := d.acquire(unix.LOCK_EX)
	return err
}

// TryLock is Lock without waiting: false when somebody else holds it.
func (d *Dir) TryLock() (bool, error) {
	return d.acquire(unix.LOCK_EX | unix.LOCK_NB)
}

// Unlock gives the lock back; without one it does nothing.
func (d *Dir) Unlock() {
	if d.lock < 0 {
		return
	}
	_ = unix.Flock(d.lock, unix.LOCK_UN) // close alone would leave it with a forked child's copy
	_ = unix.Close(d.lock)
	d.lock = -1
}

// acquire locks the lock file and then looks whether it is still the one at the path: the directory may have been
// removed, and made anew by somebody else, while we waited. A path that leads to our file also proves that our
// handle is of the directory at the path.
func (d *Dir) acquire(how int) (bool, error) {
	if d.lock >= 0 {
		return true, nil
	}
	fd, err := openat(d.fd, lockFile, unix.O_RDWR|unix.O_CREAT, 0o600)
	if err == unix.ENOENT { // no file can be made in a removed directory
		return false, ErrNotExist
	}
	if err != nil {
		return false, fmt.Errorf("open %s/%s: %w", d.path, lockFile, err)
	}
	for err = unix.EINTR; err == unix.EINTR; {
		err = unix.Flock(fd, how)
	}
	if err == nil && !sameFile(fd, d.path+"/"+lockFile) {
		err = ErrNotExist
	}
	if err == nil {
		d.lock = fd
		return true, nil
	}
	_ = unix.Close(fd)
	switch err {
	case unix.EWOULDBLOCK:
		return false, nil
	case ErrNotExist:
		return false, err
	}
	return false, fmt.Errorf("lock %s/%s: %w", d.path, lockFile, err)
}

// sameFile says whether the path leads to the file that fd is a handle of.
func sameFile(fd int, path string) bool {
	var a, b unix.Stat_t
	if unix.Fstat(fd, &a) != nil || unix.Lstat(path, &b) != nil {
		return false
	}
	return a.Dev == b.Dev && a.Ino == b.Ino
}
