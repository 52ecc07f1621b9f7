package container

import (
	"errors"
	"fmt"
	"time"

	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/companion"
	"github.com/urun/urun/pkg/network"
	"github.com/urun/urun/pkg/sandbox"
	"github.com/urun/urun/pkg/state"
)

// hireForPorts starts urun-monitor for a running container that was made with a network of its own and without a port, so that
// nobody is there yet to publish one, or nobody any more. Where somebody else has done so meanwhile, that is as well.
func hireForPorts(dir *state.Dir) error {
	if err := dir.Lock(); err != nil {
		return err
	}
	defer dir.Unlock()
	rec, err := dir.Load()
	if err != nil {
		return err
	}
	if publishesOnly(rec) && monitorLives(rec) && !listens(portSocket(dir)) {
		dismiss(rec) // we have the lock, so that the urun which hired it was killed, and it would end by itself
	}
	switch {
	case servesPorts(rec) && monitorLives(rec):
		return nil
	case rec.Network != network.None:
		return errors.New("the container has the network " + rec.Network + ", of which no ports are published")
	case rec.Monitor != nil && !replaceable(rec):
		return errors.New("urun watches the memory of this container, and nobody publishes ports beside that: " +
			"make it with a port, such as -p 0:80, and more can be added then")
	}
	if waits(dir) {
		return errors.New("the container waits for its start, and lets nobody in before: start it first")
	}
	path, why := companion.Find(sandbox.Binary())
	if why != "" {
		return errors.New(why)
	}
	before := rec.Monitor
	rec.Monitor = &state.Monitor{By: companion.Name, Duties: []string{companion.Net}}
	c, err := employ(rec.Monitor, path, rec.ID, dir)
	if err != nil {
		return err
	}
	if err := instate(c, dir, rec); err != nil {
		c.Close()
		dismiss(rec)
		rec.Monitor = before
		return fmt.Errorf("publish ports: %w", errors.Join(err, dir.Save(rec)))
	}
	return nil
}

// instate gives a new urun-monitor its order. It is written down before: whoever deletes the container then ends it, whatever
// becomes of this urun.
func instate(c *companion.Companion, dir *state.Dir, rec state.Record) error {
	if err := dir.Save(rec); err != nil {
		return err
	}
	duty := companion.Duty{Kind: companion.Net, Network: &companion.Network{Mode: rec.Network, User: rec.Namespaces&unix.CLONE_NEWUSER != 0}}
	err := c.Give(companion.Order{ID: rec.ID, Pid: rec.Pid, StartTime: rec.StartTime, Duties: []companion.Duty{duty}})
	if err == nil {
		_, err = c.Ready(time.Now().Add(monitorTime))
	}
	return err
}

// publishesOnly says that urun-monitor has nothing to do but to publish ports: then another one can take its place.
func publishesOnly(rec state.Record) bool {
	return rec.Network == network.None && servesPorts(rec) && len(rec.Monitor.Duties) == 1
}

// replaceable says that it has ended, or was never ready.
func replaceable(rec state.Record) bool { return publishesOnly(rec) && !monitorLives(rec) }
