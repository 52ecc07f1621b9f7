package state

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// Store is the directory with all containers of one user, or of one --root.
type Store struct {
	Root string // absolute path
}

// Create makes the directory of a new container and returns it locked. ErrExists: the id is in use, by a container
// (one that ran and has stopped keeps its id until it is deleted) or by somebody who is about to create it. What is left of
// a creation that never ended, of a container that ended before its start, or of an earlier boot is emptied and used.
//
// However many processes try at the same time, one gets the id.
func (s Store) Create(id string) (*Dir, error) {
	if err := ValidID(id); err != nil {
		return nil, err
	}
	for {
		d, err := s.claim(id)
		if errors.Is(err, ErrNotExist) { // removed under our hands: the id may be free now
			continue
		}
		return d, err
	}
}

// claim is one try of Create. ErrNotExist: a directory was there and is gone.
func (s Store) claim(id string) (*Dir, error) {
	err := unix.Mkdir(filepath.Join(s.Root, id), 0o700)
	if err != nil && err != unix.EEXIST {
		return nil, s.mkdirError(id, err)
	}
	d, err := s.Open(id)
	if err != nil {
		return nil, err
	}
	ok, err := d.TryLock()
	if err == nil && !ok {
		err = ErrExists
	}
	if err == nil {
		err = d.reuse()
	}
	if err != nil {
		d.Close()
		_ = unix.Rmdir(d.path) // ours, if it is empty: a full disk has no room for the lock file
		return nil, err
	}
	return d, nil
}

// reuse empties a directory whose content is left over; ErrExists when there is a container in it.
func (d *Dir) reuse() error {
	r, err := d.Load()
	switch {
	case errors.Is(err, ErrNotExist), errors.Is(err, ErrCorrupt):
	case err != nil:
		return err
	case otherBoot(r, BootID()):
	case (r.Creating || d.has(StartSocket)) && !Alive(r):
		// It never started: create was killed before its work was done, or, with the record already saved, before the
		// process had consent to wait. Start removes the socket.
	default:
		return ErrExists
	}
	return d.clear()
}

// has says whether there is a file of that name in the directory.
func (d *Dir) has(name string) bool {
	return unix.Faccessat(d.fd, name, unix.F_OK, unix.AT_SYMLINK_NOFOLLOW) == nil
}

func (s Store) mkdirError(id string, err error) error {
	if err == unix.ENAMETOOLONG {
		return fmt.Errorf("container id has %d characters, a directory name in %s may not", len(id), s.Root)
	}
	if err == unix.ENOENT { // not ErrNotExist: that would be about the container
		return fmt.Errorf("state directory %s does not exist", s.Root)
	}
	return &os.PathError{Op: "create state directory", Path: filepath.Join(s.Root, id), Err: err}
}

// Open returns the directory of a container, not locked. ErrNotExist: there is none.
func (s Store) Open(id string) (*Dir, error) {
	if err := ValidID(id); err != nil {
		return nil, err
	}
	path := filepath.Join(s.Root, id)
	fd, err := openat(unix.AT_FDCWD, path, unix.O_DIRECTORY, 0)
	switch err {
	case nil:
		return &Dir{id: id, path: path, fd: fd, lock: -1}, nil
	case unix.ENOENT, unix.ENAMETOOLONG:
		return nil, ErrNotExist
	}
	return nil, &os.PathError{Op: "open state directory", Path: path, Err: err}
}

// Listed is one line of a list: a container, or why its record could not be read.
type Listed struct {
	ID     string
	Record Record
	Err    error
}

// List returns all containers, sorted by id. One that cannot be read does not hide the others. Directories
// without a record, of a creation that has just begun or never ended, are left out.
func (s Store) List() ([]Listed, error) {
	entries, err := os.ReadDir(s.Root) // sorted
	if errors.Is(err, unix.ENOENT) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read state directory: %w", err)
	}
	root, err := openat(unix.AT_FDCWD, s.Root+"/.", unix.O_DIRECTORY|unix.O_PATH, 0)
	if err != nil {
		return nil, &os.PathError{Op: "open state directory", Path: s.Root, Err: err}
	}
	defer unix.Close(root)
	var all []Listed
	for _, e := range entries {
		id := e.Name()
		if !e.IsDir() || ValidID(id) != nil {
			continue
		}
		r, err := load(root, id+"/"+recordFile, filepath.Join(s.Root, id), id)
		if errors.Is(err, ErrNotExist) {
			continue
		}
		all = append(all, Listed{ID: id, Record: r, Err: err})
	}
	return all, nil
}
