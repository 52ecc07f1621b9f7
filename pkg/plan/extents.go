package plan

import (
	"fmt"

	"github.com/urun/urun/pkg/idmap"
)

// ForeignIDError says that a line of an id map names ids that the caller's own user namespace does not have.
type ForeignIDError struct {
	Key   string      // linux.uidMappings
	Line  int         // from 0
	Range idmap.Range // of the line, as the caller numbers ids
	File  string      // where the caller's extents are read
	Own   idmap.Map   // the caller's extents
}

func (e *ForeignIDError) Error() string {
	return fmt.Sprintf("%s[%d]: host ids %s are not ids of this user namespace (%s: %s)", e.Key, e.Line, e.Range, e.File, e.Own)
}

// Hint is what to do about it.
func (e *ForeignIDError) Hint() string {
	return "urun spec, run here, writes a map that fits (each line must lie within one line of " + e.File + ")"
}

// seen checks that a nested caller maps only ids that its own user namespace has; the kernel asks for each line to lie within
// one extent of it (user_namespaces(7)).
func (c *compiler) seen() error {
	if !c.host.Nested {
		return nil
	}
	b := &c.plan.Birth
	if err := within("linux.uidMappings", b.UIDMap, "/proc/self/uid_map", c.host.UIDs); err != nil {
		return err
	}
	return within("linux.gidMappings", b.GIDMap, "/proc/self/gid_map", c.host.GIDs)
}

func within(key string, m idmap.Map, file string, own idmap.Map) error {
	if len(own) == 0 {
		return nil
	}
	for i, l := range m {
		inside := false
		for _, e := range own {
			first, last := uint64(e.ContainerID), uint64(e.ContainerID)+uint64(e.Size)
			inside = inside || uint64(l.HostID) >= first && uint64(l.HostID)+uint64(l.Size) <= last
		}
		if !inside {
			return &ForeignIDError{Key: key, Line: i, Range: idmap.Range{Start: l.HostID, Count: l.Size}, File: file, Own: own}
		}
	}
	return nil
}
