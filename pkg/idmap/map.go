// Package idmap is the arithmetic of user and group id maps: which id of a container is which id outside. It is
// pure: it reads nothing, writes nothing and knows no process. user_namespaces(7) is the law it follows.
package idmap

import (
	"strconv"

	"github.com/opencontainers/runtime-spec/specs-go"
)

// NoID is 2^32-1, which the kernel keeps to say "no id": no range may reach it.
const NoID = 1<<32 - 1

// Map is one id map, of users or of groups, in the order in which its lines are written.
type Map []specs.LinuxIDMapping

// Range is a run of host ids that somebody owns: Count ids from Start on.
type Range struct {
	Start uint32 `json:"start"`
	Count uint32 `json:"count"`
}

// end is the first id behind the range, kept from running past the last id.
func (r Range) end() uint64 { return min(uint64(r.Start)+uint64(r.Count), NoID) }

// String prints the range as its first and last id: "100000-165535".
func (r Range) String() string {
	s := strconv.FormatUint(uint64(r.Start), 10)
	if r.Count > 1 {
		s += "-" + strconv.FormatUint(uint64(r.Start)+uint64(r.Count)-1, 10)
	}
	return s
}

// One is the map of a single id, which every caller may write for itself.
func One(container, caller uint32) Map {
	return Map{{ContainerID: container, HostID: caller, Size: 1}}
}

// Single tells whether the map is one line for one id, the caller's own: the only map that the kernel takes from
// an unprivileged process, so that no helper is needed (user_namespaces(7), "Defining user and group ID mappings").
func (m Map) Single(caller uint32) bool {
	return len(m) == 1 && m[0].Size == 1 && m[0].HostID == caller
}

// ToHost is the host's id for an id of the container; false when it is not mapped.
func (m Map) ToHost(id uint32) (uint32, bool) {
	for _, l := range m {
		if id >= l.ContainerID && id-l.ContainerID < l.Size {
			return l.HostID + (id - l.ContainerID), true
		}
	}
	return 0, false
}

// ToContainer is the container's id for an id of the host; false when it is not mapped.
func (m Map) ToContainer(id uint32) (uint32, bool) {
	for _, l := range m {
		if id >= l.HostID && id-l.HostID < l.Size {
			return l.ContainerID + (id - l.HostID), true
		}
	}
	return 0, false
}

// Kernel is the map as /proc/PID/uid_map takes it: "0 1000 1\n1 100000 65536\n". It has to be written by one write(2)
// of less than a page.
func (m Map) Kernel() []byte {
	b := make([]byte, 0, 24*len(m))
	for _, l := range m {
		b = appendLine(b, l, ' ')
		b = append(b, '\n')
	}
	return b
}

// Args is the map as newuidmap(1) takes it, behind the pid: "0", "1000", "1", "1", "100000", "65536".
func (m Map) Args() []string {
	args := make([]string, 0, 3*len(m))
	for _, l := range m {
		for _, n := range [3]uint32{l.ContainerID, l.HostID, l.Size} {
			args = append(args, strconv.FormatUint(uint64(n), 10))
		}
	}
	return args
}

// String is the map for people, on one line: "0:1000:1 1:100000:65536".
func (m Map) String() string {
	var b []byte
	for i, l := range m {
		if i > 0 {
			b = append(b, ' ')
		}
		b = appendLine(b, l, ':')
	}
	return string(b)
}

// appendLine appends the three numbers of a line with a separator between them.
func appendLine(b []byte, l specs.LinuxIDMapping, sep byte) []byte {
	b = strconv.AppendUint(b, uint64(l.ContainerID), 10)
	b = append(b, sep)
	b = strconv.AppendUint(b, uint64(l.HostID), 10)
	b = append(b, sep)
	return strconv.AppendUint(b, uint64(l.Size), 10)
}

// lineString is one line for people: "1:100000:65536".
func lineString(l specs.LinuxIDMapping) string { return string(appendLine(nil, l, ':')) }
