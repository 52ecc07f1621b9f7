package state

import (
	"encoding/json"
	"math"

	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/companion"
)

// reportFile lies beside the record. Only who watches the container writes it, so that nobody's lock is needed.
const reportFile = "monitor.json"

// Report is what was found out about a container by who watches it.
type Report struct {
	Pid          int              `json:"pid"` // with StartTime: the first process of the container that it is about
	StartTime    uint64           `json:"startTime"`
	OOMKills     uint64           `json:"oomKills"`               // processes that the kernel has killed for lack of memory; 1: or the watcher has
	Killed       string           `json:"killed,omitempty"`       // why the watcher has ended the container; empty: it has not
	Ports        []companion.Port `json:"ports,omitempty"`        // that are published
	PortsChanged bool             `json:"portsChanged,omitempty"` // Ports holds, and no longer what the record has
	NetLost      string           `json:"netLost,omitempty"`      // why the container has lost its network; empty: it has not
	Ended        bool             `json:"ended,omitempty"`        // the container has ended, and this is the last word
}

// Report returns the report about the container of a record; false: there is none. One about an earlier container with this id
// does not count.
func (d *Dir) Report(rec Record) (Report, bool) {
	raw, err := readFile(d.fd, reportFile)
	var r Report
	if err != nil || json.Unmarshal(raw, &r) != nil {
		return Report{}, false
	}
	return r, r.Pid == rec.Pid && r.StartTime == rec.StartTime
}

// SaveReport replaces the report. ErrNotExist: there is no record, so that nobody would read it, and a directory that is being
// removed must stay empty.
//
// Preconditions: nobody else reports about the container. The lock need not be held.
func (d *Dir) SaveReport(r Report) error {
	if !d.has(recordFile) {
		return ErrNotExist
	}
	raw, err := json.Marshal(r)
	if err == nil {
		err = stageFile(d.fd, reportFile, raw)
	}
	if err == nil {
		err = commitFile(d.fd, reportFile)
	}
	return d.named(err)
}

// Held is the directory of container id by a handle that was handed down to this process, and that Close closes. It can report,
// and nothing else: it does not know its path.
func Held(id string, fd int) (*Dir, error) {
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return nil, err
	}
	if st.Mode&unix.S_IFMT != unix.S_IFDIR {
		return nil, unix.ENOTDIR
	}
	unix.CloseOnExec(fd)
	return &Dir{id: id, path: "of " + id, fd: fd, lock: -1}, nil
}

// MemoryLimit is linux.resources.memory.limit as an update has left it, in bytes; false: none has changed it. No limit is the
// greatest number.
func (r Record) MemoryLimit() (uint64, bool) {
	var asked struct {
		Memory struct{ Limit *int64 }
	}
	if r.Resources == "" || json.Unmarshal([]byte(r.Resources), &asked) != nil || asked.Memory.Limit == nil {
		return 0, false
	}
	if *asked.Memory.Limit <= 0 {
		return math.MaxUint64, true
	}
	return uint64(*asked.Memory.Limit), true
}
