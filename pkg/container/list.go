package container

import (
	"os/user"
	"strconv"

	"github.com/urun/urun/pkg/state"
)

// List describes all containers, sorted by id. One whose record cannot be read is listed as stopped and warned of, for it
// must neither hide the others nor go unseen.
func (r *Runtime) List() ([]Status, error) {
	found, err := r.Store.List()
	if err != nil {
		return nil, err
	}
	var all []Status
	names := owners{}
	boot := state.BootID()
	for _, l := range found {
		if l.Err != nil {
			r.Warn(l.Err.Error())
			all = append(all, Status{ID: l.ID, Status: statusStopped})
			continue
		}
		s := statusOf(l.Record, r.listedStatus(l, boot))
		s.Owner = names.name(l.Record.Owner)
		r.listNetwork(&s, l.Record)
		all = append(all, s)
	}
	return all, nil
}

// listNetwork adds the network of a container that has one of urun's; no other's directory is opened for it.
func (r *Runtime) listNetwork(s *Status, rec state.Record) {
	if rec.Network == "" {
		return
	}
	if dir, err := r.Store.Open(rec.ID); err == nil {
		defer dir.Close()
		report, _ := dir.Report(rec)
		s.addNetwork(rec, report, monitorLives(rec))
	}
}

func (r *Runtime) listedStatus(l state.Listed, boot string) string {
	if !state.AliveIn(l.Record, boot) {
		return statusStopped
	}
	dir, err := r.Store.Open(l.ID)
	if err != nil { // deleted since
		return statusStopped
	}
	defer dir.Close()
	return liveStatus(l.Record, dir)
}

// owners remembers the names of users: mostly there is one for all containers.
type owners map[uint32]string

func (o owners) name(uid uint32) string {
	name, ok := o[uid]
	if !ok {
		n := strconv.FormatUint(uint64(uid), 10)
		name = "#" + n // as runc writes a user without a name
		if u, err := user.LookupId(n); err == nil {
			name = u.Username
		}
		o[uid] = name
	}
	return name
}
