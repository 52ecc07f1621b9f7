package state

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// The files of a container's directory.
const (
	lockFile   = "lock"
	recordFile = "state.json"
	configFile = "config.json"

	// StartSocket is the name of the socket on which a created container waits for its start.
	StartSocket = "start.sock"
)

// Dir is the directory of one container, held by a handle: what is read and written is in that very directory,
// even if another one has taken its place at the path since.
type Dir struct {
	id   string
	path string
	fd   int
	lock int // descriptor of the lock file while the lock is held, else -1
}

// ID returns the id of the container.
func (d *Dir) ID() string { return d.id }

// Path returns the absolute path of the directory.
func (d *Dir) Path() string { return d.path }

// Fd returns the handle of the directory. It is close-on-exec and valid until Close or Remove. A socket in the
// directory is reached through /proc/self/fd/N/NAME, however long the path is (a socket's may have 107 bytes).
func (d *Dir) Fd() int { return d.fd }

// Close gives back the lock and the handle. Closing twice is harmless.
func (d *Dir) Close() {
	d.Unlock()
	if d.fd >= 0 {
		_ = unix.Close(d.fd)
		d.fd = -1
	}
}

// Load reads the record. ErrNotExist: there is none; ErrCorrupt: it cannot be understood. No lock is needed.
func (d *Dir) Load() (Record, error) {
	return load(d.fd, recordFile, d.path, d.id)
}

func load(dirfd int, name, path, id string) (Record, error) {
	raw, err := readFile(dirfd, name)
	if errors.Is(err, unix.ENOENT) {
		return Record{}, ErrNotExist
	}
	switch err {
	case nil:
	case unix.EISDIR, unix.ELOOP, unix.EAGAIN, errTooLarge: // a directory, a symlink, a fifo that somebody holds: no record of ours
		return Record{}, fmt.Errorf("read %s: %w: %w", filepath.Join(path, recordFile), ErrCorrupt, err)
	default:
		return Record{}, fmt.Errorf("read %s: %w", filepath.Join(path, recordFile), err)
	}
	r, err := decode(raw, id)
	if err != nil {
		return Record{}, fmt.Errorf("read %s: %w", filepath.Join(path, recordFile), err)
	}
	return r, nil
}

// Save replaces the record. When it fails the old one is untouched.
//
// Preconditions: the lock is held.
func (d *Dir) Save(r Record) error {
	if err := d.Stage(r); err != nil {
		return err
	}
	return d.Commit()
}

// Stage does the slow part of Save beforehand: everything but letting the record be seen.
//
// Preconditions: the lock is held.
func (d *Dir) Stage(r Record) error {
	raw, err := r.encode()
	if err == nil {
		err = stageFile(d.fd, recordFile, raw)
	}
	return d.named(err)
}

// Commit replaces the record by the one that was staged last. When it fails the old one is untouched.
//
// Preconditions: the lock is held; nothing was saved since Stage.
func (d *Dir) Commit() error { return d.named(commitFile(d.fd, recordFile)) }

// SaveConfig keeps the config of the container.
//
// Preconditions: the lock is held.
func (d *Dir) SaveConfig(raw []byte) error {
	err := stageFile(d.fd, configFile, raw)
	if err == nil {
		err = commitFile(d.fd, configFile)
	}
	return d.named(err)
}

// Put makes a file in the directory that others of the container may read.
//
// Preconditions: the lock is held.
func (d *Dir) Put(name string, content []byte) error {
	fd, err := openat(d.fd, name, unix.O_WRONLY|unix.O_CREAT|unix.O_TRUNC, 0o644)
	if err == nil {
		err = unix.Fchmod(fd, 0o644) // whatever the umask is
		if werr := writeAll(fd, content); err == nil {
			err = werr
		}
		unix.Close(fd)
	}
	if err != nil {
		return d.named(fmt.Errorf("write %s: %w", name, err))
	}
	return nil
}

func (d *Dir) named(err error) error {
	if err != nil {
		return fmt.Errorf("state directory %s: %w", d.path, err)
	}
	return nil
}

// Config returns the config as SaveConfig got it.
func (d *Dir) Config() ([]byte, error) {
	raw, err := readFile(d.fd, configFile)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", filepath.Join(d.path, configFile), err)
	}
	return raw, nil
}

// Remove deletes the directory with all that is in it and closes d. A directory that is gone already is no error.
//
// Preconditions: the lock is held.
func (d *Dir) Remove() error {
	defer d.Close()
	if err := d.clear(); err != nil {
		return err
	}
	// The lock file goes last. Whoever waits for it finds that it is no longer the one at the path. Whoever
	// comes between the next two lines makes a new one and owns an empty directory: then rmdir fails, rightly.
	if err := unix.Unlinkat(d.fd, lockFile, 0); err != nil && err != unix.ENOENT {
		return &os.PathError{Op: "remove", Path: filepath.Join(d.path, lockFile), Err: err}
	}
	switch err := unix.Rmdir(d.path); err {
	case nil, unix.ENOENT, unix.ENOTEMPTY, unix.EEXIST:
		return nil
	default:
		return &os.PathError{Op: "remove", Path: d.path, Err: err}
	}
}

// clear empties the directory except for the lock file.
func (d *Dir) clear() error {
	entries, err := os.ReadDir(d.path)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.Name() == lockFile {
			continue
		}
		err := unix.Unlinkat(d.fd, e.Name(), 0)
		if err == unix.EISDIR || err == unix.EPERM {
			err = os.RemoveAll(filepath.Join(d.path, e.Name()))
		}
		if err != nil && err != unix.ENOENT {
			return fmt.Errorf("remove %s: %w", filepath.Join(d.path, e.Name()), err)
		}
	}
	return nil
}
