package container

import (
	"cmp"
	"encoding/json"
	"time"

	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/state"
)

// Status is the answer of state, and one element of that of list. Keys, their order and their format are runc's,
// which clients parse; what urun adds comes after them and only where there is something to say.
type Status struct {
	OCIVersion  string            `json:"ociVersion"`
	ID          string            `json:"id"`
	Pid         int               `json:"pid"` // 0 when it is stopped
	Status      string            `json:"status"`
	Bundle      string            `json:"bundle"`
	Rootfs      string            `json:"rootfs"`
	Created     time.Time         `json:"created"`
	Annotations map[string]string `json:"annotations,omitempty"`
	Owner       string            `json:"owner"` // a user's name; empty in the answer of state

	Paused  string         `json:"paused,omitempty"` // how it was paused
	Network *Networked     `json:"network,omitempty"`
	Monitor *Watched       `json:"monitor,omitempty"`
	Cgroup  *state.Cgroup  `json:"cgroup,omitempty"`
	Notices []state.Notice `json:"notices,omitempty"`

	// OOMKills is how many of its processes were killed for lack of memory; nil: that is not known. OutOfMemory says it in words.
	OOMKills    *uint64 `json:"oomKills,omitempty"`
	OutOfMemory string  `json:"outOfMemory,omitempty"`
}

// JSON renders the status for state: two spaces deep, without a newline at the end.
func (s Status) JSON() ([]byte, error) { return json.MarshalIndent(s, "", "  ") }

// ListJSON renders the answer of list --format json: one line, null for no container.
func ListJSON(all []Status) ([]byte, error) {
	raw, err := json.Marshal(all)
	return append(raw, '\n'), err
}

// statusOf describes a container; its status is how the record and the kernel together say things stand.
func statusOf(rec state.Record, status string) Status {
	s := Status{
		OCIVersion: rec.OCIVersion, ID: rec.ID, Pid: rec.Pid, Status: status,
		Bundle: rec.Bundle, Rootfs: rec.Rootfs, Created: rec.Created.UTC(), Annotations: rec.Annotations,
		Notices: rec.Notices, Cgroup: rec.Cgroup,
	}
	switch status {
	case statusStopped:
		s.Pid = 0
	case statusPaused:
		s.Paused = cmp.Or(rec.Paused, byFreezer)
	}
	return s
}

// liveStatus is the status of a container whose process is alive.
func liveStatus(rec state.Record, dir *state.Dir) string {
	switch {
	case rec.Creating:
		return statusCreating
	case paused(rec):
		return statusPaused
	case waits(dir):
		return statusCreated
	}
	return statusRunning
}

// status is the status of a container.
func status(rec state.Record, dir *state.Dir) string {
	if !state.Alive(rec) {
		return statusStopped
	}
	return liveStatus(rec, dir)
}

// waits says whether somebody listens for the start of the container. Only its own process does, until it is started.
// A connection that ends without a word is nothing to it.
func waits(dir *state.Dir) bool { return listens(socketPath(dir)) }

// listens says whether somebody listens on a Unix socket.
func listens(path string) bool {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil { // out of descriptors: who listened removes the socket at the end, if there is time for that
		return unix.Access(path, unix.F_OK) == nil
	}
	defer unix.Close(fd)
	err = unix.Connect(fd, &unix.SockaddrUnix{Name: path})
	return err == nil || err == unix.EAGAIN // EAGAIN: others are waiting to be accepted
}
