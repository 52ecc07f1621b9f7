package container

import (
	"os"
	"slices"
	"strconv"

	"github.com/urun/urun/pkg/idmap"
	"github.com/urun/urun/pkg/plan"
	"github.com/urun/urun/pkg/step"
	"github.com/urun/urun/pkg/userns"
)

// mapIDs gives the newborn its ids.
func (b *birth) mapIDs(pid int) error {
	b.since = b.trace("clone", b.since)
	err := error(nil)
	if b.maps != nil {
		err = b.mapped()
	} else {
		err = b.writeMaps(pid)
	}
	b.since = b.trace("maps", b.since)
	return err
}

func (b *birth) writeMaps(pid int) error {
	p := b.plan.Birth
	if p.MapBy == plan.MapDirect {
		return userns.WriteDirect(pid, p.UIDMap, p.GIDMap)
	}
	return userns.Write(pid, p.UIDMap, p.GIDMap, userns.FindHelpers())
}

// mapAhead begins to write the id maps while systemd makes the scope: the process waits for both. It is not the one to be mapped if
// it forks before.
func (b *birth) mapAhead(pid int) {
	helped := b.plan.Birth.MapBy == plan.MapHelpers || b.plan.Birth.MapBy == plan.MapDirect
	forks := func(s step.Step) bool { _, is := s.(step.Fork); return is }
	if !helped || len(b.plan.Birth.Joins) > 0 || slices.ContainsFunc(b.plan.Steps, forks) {
		return
	}
	b.maps = make(chan error, 1)
	go func() { b.maps <- b.writeMaps(pid) }()
}

// mapped waits for the maps that have been begun; nil: none have.
func (b *birth) mapped() error {
	if b.maps == nil {
		return nil
	}
	defer func() { b.maps = nil }()
	return <-b.maps
}

func readMap(pid int, file string) (idmap.Map, error) {
	content, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/" + file)
	if err != nil {
		return nil, err
	}
	return idmap.Parse(content)
}
