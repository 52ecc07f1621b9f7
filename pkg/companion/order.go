package companion

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// Name is the program.
const Name = "urun-monitor"

// Descriptors of a companion, beside its standard files, which are /dev/null.
const (
	TalkFD = 3 // the conversation
	DirFD  = 4 // the container's state directory
)

// Order is what a companion does, and for which container.
type Order struct {
	ID        string `json:"id"`
	Pid       int    `json:"pid"`       // the container's first process
	StartTime uint64 `json:"startTime"` // of the same, proc_pid_stat(5) field 22
	Duties    []Duty `json:"duties"`
}

// Duty is one thing to do. Kind says which of the other members it needs.
type Duty struct {
	Kind      string   `json:"kind"`
	Cgroup    string   `json:"cgroup,omitempty"`    // directory
	Limit     uint64   `json:"limit,omitempty"`     // in bytes
	Namespace string   `json:"namespace,omitempty"` // procs.Pid or procs.User
	Network   *Network `json:"network,omitempty"`
}

// The kinds of duties.
const (
	// Kills counts the processes of a Cgroup that the kernel kills for lack of memory, and reports them when the container has
	// ended, which is when systemd removes the cgroup.
	Kills = "kills"

	// Memory holds the processes of the Namespace together to the Limit.
	Memory = "memory"

	// Net gives the container its Network, and holds it until the container's end.
	Net = "network"
)

// maxOrder bounds what is read of an order or an answer, in bytes.
const maxOrder = 1 << 20

// ErrNoOrder says that urun has ended without giving one.
var ErrNoOrder = errors.New("no order came")

// Receive reads the order to its end.
func Receive(r io.Reader) (Order, error) {
	raw, err := io.ReadAll(io.LimitReader(r, maxOrder))
	if err != nil {
		return Order{}, fmt.Errorf("read the order: %w", err)
	}
	if len(raw) == 0 {
		return Order{}, ErrNoOrder
	}
	var o Order
	if err := json.Unmarshal(raw, &o); err != nil {
		return Order{}, fmt.Errorf("read the order: %w", err)
	}
	if o.Pid <= 0 || len(o.Duties) == 0 {
		return Order{}, errors.New("the order names no process or nothing to do")
	}
	return o, nil
}

// ready is the answer of a companion that can do all its duties; any other is the reason why it cannot.
const ready = "ready"

// Answer tells urun that the companion is ready (err is nil), or why it cannot do its duties.
//
// ports are those that it has published, with their numbers.
func Answer(w io.Writer, ports []Port, err error) error {
	said := ready
	if len(ports) > 0 {
		raw, merr := json.Marshal(ports)
		said += string(raw)
		err = cmp.Or(err, merr)
	}
	if err != nil {
		said = err.Error()
	}
	_, werr := io.WriteString(w, said)
	return werr
}

// Lost says what is missing when nobody does a duty of this kind.
func Lost(kind string) string {
	switch kind {
	case Kills:
		return "after the container's end it is not known whether the kernel has killed any of its processes for lack of memory"
	case Memory:
		return "nobody holds all processes together to the limit of memory"
	case Net:
		return "the container has no network but its own loopback, and no published ports"
	}
	return "the duty " + kind + " is not done"
}
