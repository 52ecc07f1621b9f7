package state

import (
	"errors"
	"fmt"
	"path"
	"time"

	"github.com/urun/urun/pkg/idmap"
)

// version is the format of the records that this urun writes. A reader accepts its own and older ones.
const version = 1

var (
	// ErrNotExist is the answer to an id that no container has. Clients look for this text.
	ErrNotExist = errors.New("container does not exist")

	// ErrExists is the answer of Create to an id that is in use.
	ErrExists = errors.New("container with given ID already exists")

	// ErrCorrupt is in the chain of every error about a record that cannot be understood.
	ErrCorrupt = errors.New("corrupt record")
)

// Record holds the facts about one container. A new field belongs into encode and parse, too; a test finds what they lack.
type Record struct {
	Version     int               `json:"version"`
	ID          string            `json:"id"`
	Bundle      string            `json:"bundle"` // absolute path
	Rootfs      string            `json:"rootfs"` // absolute path
	OCIVersion  string            `json:"ociVersion"`
	Annotations map[string]string `json:"annotations,omitempty"`
	Owner       uint32            `json:"owner"` // uid of the caller who created it
	Created     time.Time         `json:"created"`

	// Pid is that of the container's first process in the caller's pid namespace, 0 before its birth.
	// Together with StartTime (clock ticks since boot, proc_pid_stat(5) field 22) and BootID it names one
	// process for ever: no other one has all three.
	Pid       int    `json:"pid"`
	StartTime uint64 `json:"startTime"`
	BootID    string `json:"bootID,omitempty"` // empty where /proc does not tell

	Namespaces uint64    `json:"namespaces"` // CLONE_NEW* flags of the namespaces that are the container's own
	UIDMap     idmap.Map `json:"uidMap,omitempty"`
	GIDMap     idmap.Map `json:"gidMap,omitempty"`

	Creating bool     `json:"creating,omitempty"` // true until create has done all of its work
	Paused   string   `json:"paused,omitempty"`   // how it was paused: "signals" or "freezer"; empty when it was not
	Cgroup   *Cgroup  `json:"cgroup,omitempty"`   // nil: the caller's
	Monitor  *Monitor `json:"monitor,omitempty"`  // who watches it; nil: there is nothing to watch
	Network  string   `json:"network,omitempty"`  // mode of the network, where that was decided
	Ports    string   `json:"ports,omitempty"`    // that were published when it was made: []companion.Port as JSON
	// Resources are linux.resources, as JSON, as an update has left them; empty: they are as in the config.
	Resources string   `json:"resources,omitempty"`
	Notices   []Notice `json:"notices,omitempty"`
}

// Cgroup is the container's own (version 2).
type Cgroup struct {
	Manager string  `json:"manager"`        // systemd or cgroupfs
	Unit    string  `json:"unit,omitempty"` // the scope, of systemd
	Path    string  `json:"path"`           // directory, as the caller saw it; it and all below are the container's
	Leaf    string  `json:"leaf,omitempty"` // the cgroup in it that holds the processes; empty: they are in it
	Limits  []Limit `json:"limits,omitempty"`
}

// Inner is the directory of the cgroup that holds the processes.
func (c *Cgroup) Inner() string { return path.Join(c.Path, c.Leaf) }

// Limit is one that was asked for and what is held of it.
type Limit struct {
	Want  string `json:"want"`            // JSON path in the config
	File  string `json:"file"`            // e.g. memory.max
	Asked string `json:"asked,omitempty"` // what was to be written there
	Got   string `json:"got"`             // what the kernel says the file holds; empty: nothing
}

// Monitor is who watches the container.
type Monitor struct {
	By        string   `json:"by"`  // urun-monitor, or urun itself where it stays
	Pid       int      `json:"pid"` // 0: there is none, and Lost says why
	StartTime uint64   `json:"startTime"`
	Duties    []string `json:"duties,omitempty"` // kinds of companion.Duty
	Lost      string   `json:"lost,omitempty"`
}

// Notice tells of one thing that was asked for and is not held in full.
type Notice struct {
	Code string `json:"code"`
	Want string `json:"want"`
	Got  string `json:"got"`
	Why  string `json:"why,omitempty"`
	Fix  string `json:"fix,omitempty"`
}

// decode understands the content of the state.json of container id. Errors match ErrCorrupt.
func decode(raw []byte, id string) (Record, error) {
	r, err := parse(raw)
	if err != nil {
		return Record{}, fmt.Errorf("%w: %v", ErrCorrupt, err)
	}
	switch {
	case r.Version < 1:
		return Record{}, fmt.Errorf("%w: no version", ErrCorrupt)
	case r.Version > version:
		return Record{}, fmt.Errorf("record has version %d, this urun knows up to %d", r.Version, version)
	case r.ID != id:
		return Record{}, fmt.Errorf("%w: it is of container %q", ErrCorrupt, r.ID)
	case r.Pid < 0: // kill(2) takes a negative pid for a whole group
		return Record{}, fmt.Errorf("%w: pid %d", ErrCorrupt, r.Pid)
	}
	return r, nil
}
