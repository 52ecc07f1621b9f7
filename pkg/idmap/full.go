package idmap

import "github.com/opencontainers/runtime-spec/specs-go"

// maxBytes is the smallest page size: the kernel refuses a map whose text fills a page (user_namespaces(7)).
const maxBytes = 4096

// Full is the largest map that the caller may have: 0 is the caller, and 1 and up are the ranges in their order. What
// cannot be mapped twice or at all is left out: the caller's own id and ids listed before, ids past the last one,
// lines more than the kernel takes. The result is valid and owned. The caller must be an id, so not NoID.
func Full(caller uint32, owned []Range) Map {
	m := One(0, caller)
	size := len(m.Kernel())
	for _, r := range owned {
		for pos := uint64(r.Start); pos < r.end(); {
			l, next := m.nextLine(pos, r.end())
			pos = next
			if l.Size == 0 {
				continue
			}
			if size += len(lineString(l)) + 1; size >= maxBytes || len(m) == MaxLines {
				return m
			}
			m = append(m, l)
		}
	}
	return m
}

// nextLine is the line that gives the next ids inside to the host ids from pos on, as far as they are not mapped yet
// and before end; its size is 0 when pos itself is mapped. next is where to go on.
func (m Map) nextLine(pos, end uint64) (l specs.LinuxIDMapping, next uint64) {
	for _, k := range m {
		start, stop := uint64(k.HostID), uint64(k.HostID)+uint64(k.Size)
		if start <= pos && pos < stop {
			return l, stop
		}
		if start > pos && start < end {
			end = start
		}
	}
	last := m[len(m)-1]
	inside := uint64(last.ContainerID) + uint64(last.Size)
	size := min(end-pos, NoID-inside)
	return specs.LinuxIDMapping{ContainerID: uint32(inside), HostID: uint32(pos), Size: uint32(size)}, end
}
