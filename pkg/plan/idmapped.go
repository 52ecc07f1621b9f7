package plan

import (
	"fmt"

	specs "github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/idmap"
)

// mountMaps are the maps of a mount, of which the config says the outer ids as the host has them, said in ids of the
// container: it is there that the file system is mounted and the maps are written. With idmap and no maps of its own a mount
// has those of the container (config.md, "Mounts"), which is what a new file system has anyway.
func (c *compiler) mountMaps(at string, m specs.Mount) (uids, gids idmap.Map, err error) {
	b := c.plan.Birth
	switch {
	case len(m.UIDMappings) == 0 || len(m.GIDMappings) == 0:
		return nil, nil, fmt.Errorf("%s: uidMappings and gidMappings go together", at)
	case c.joined(unix.CLONE_NEWUSER):
		return nil, nil, fmt.Errorf("%s.uidMappings: not possible in a user namespace that is joined: its maps are another's", at)
	}
	if uids, err = withinMap(m.UIDMappings, b.UIDMap); err != nil {
		return nil, nil, fmt.Errorf("%s.uidMappings: %w", at, err)
	}
	if gids, err = withinMap(m.GIDMappings, b.GIDMap); err != nil {
		return nil, nil, fmt.Errorf("%s.gidMappings: %w", at, err)
	}
	return uids, gids, nil
}

// withinMap turns the outer ids of lines into those of the container whose map is outer; nil: they are the same.
func withinMap(lines idmap.Map, outer idmap.Map) (idmap.Map, error) {
	if err := lines.Validate(); err != nil {
		return nil, err
	}
	list := make(idmap.Map, len(lines))
	for i, l := range lines {
		list[i] = l
		if outer == nil {
			continue
		}
		first, ok := outer.ToContainer(l.HostID)
		last, okLast := outer.ToContainer(l.HostID + l.Size - 1)
		if !ok || !okLast || last-first != l.Size-1 {
			return nil, fmt.Errorf("the host's ids %d to %d are not in one piece of the container's map (%s)", l.HostID, l.HostID+l.Size-1, outer)
		}
		list[i].HostID = first
	}
	return list, nil
}
