package container

import (
	"bytes"
	"errors"
	"fmt"

	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/state"
)

// errNotRunning is the answer to a verb that needs a live process. Clients look for this text.
var errNotRunning = errors.New("container not running")

// openInit opens a pidfd, close-on-exec, of the container's first process. That it is the one that the record means, and not
// a later one with its pid, is known because it is asked after the pidfd was opened.
func openInit(rec state.Record) (int, error) {
	if rec.Pid <= 0 {
		return -1, errNotRunning
	}
	fd, err := openProcess(rec.Pid)
	if err != nil {
		return -1, err
	}
	if !state.Alive(rec) {
		unix.Close(fd)
		return -1, errNotRunning
	}
	return fd, nil
}

// openProcess opens a pidfd, close-on-exec. errNotRunning: there is no such process. Any other error leaves that open, and whoever
// took it for gone would delete the record of one that runs.
func openProcess(pid int) (int, error) {
	switch fd, err := unix.PidfdOpen(pid, 0); err {
	case nil:
		return fd, nil
	case unix.ESRCH, unix.EINVAL, unix.ENOENT: // EINVAL, later ENOENT: the number is that of another process's thread by now
		return -1, errNotRunning
	default:
		return -1, fmt.Errorf("open process %d: %w", pid, err)
	}
}

// record reads what is known about the container id.
func (r *Runtime) record(id string) (state.Record, error) {
	dir, err := r.Store.Open(id)
	if err != nil {
		return state.Record{}, err
	}
	defer dir.Close()
	return dir.Load()
}

// containsKey says whether the text of a JSON document may have the key.
func containsKey(raw []byte, key string) bool { return bytes.Contains(raw, []byte(`"`+key+`"`)) }
