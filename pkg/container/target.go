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
	fd, _, err := openFirst(rec)
	return fd, err
}

// openFirst is openInit, and says whether the process has executed its command.
func openFirst(rec state.Record) (fd int, begun bool, err error) {
	if rec.Pid <= 0 {
		return -1, false, errNotRunning
	}
	if fd, err = openProcess(rec.Pid); err != nil {
		return -1, false, err
	}
	alive, begun := state.Begun(rec)
	if !alive {
		unix.Close(fd)
		return -1, false, errNotRunning
	}
	return fd, begun, nil
}

// openProcess opens a pidfd, close-on-exec. errNotRunning: there is no such process. Any other error leaves that open, and whoever
// took it for gone would delete the record of one that runs.
func openProcess(pid int) (int, error) {
	switch fd, err := unix.PidfdOpen(pid, 0); err {
	case nil:
		return fd, nil
	case unix.ESRCH, unix.EINVAL, unix.ENOENT: // EINVAL, later ENOENT: the number is that of another process's thread by now
		return -1, errNotRunning
	default: // out of descriptors, or a filter around this process refuses the call
		return -1, because("pidfd_open", fmt.Errorf("open process %d: pidfd_open: %w", pid, err))
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
