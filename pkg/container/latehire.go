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
// nobody is there yet to publish one. Where somebody else has done so meanwhile, that is as well.
func hireForPorts(dir *state.Dir) error {
	if err := dir.Lock(); err != nil {
		return err
	}
	defer dir.Unlock()
	rec, err := dir.Load()
	switch {
	case err != nil:
		return err
	case servesPorts(rec):
		return nil
	case rec.Network != network.None:
		return errors.New("the container has the network " + rec.Network + ", of which no ports are published")
	case rec.Monitor != nil:
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
	rec.Monitor = &state.Monitor{By: companion.Name, Duties: []string{companion.Net}}
	c, err := employ(rec.Monitor, path, rec.ID, dir)
	if err != nil {
		return err
	}
	duty := companion.Duty{Kind: companion.Net, Network: &companion.Network{Mode: rec.Network, User: rec.Namespaces&unix.CLONE_NEWUSER != 0}}
	err = c.Give(companion.Order{ID: rec.ID, Pid: rec.Pid, StartTime: rec.StartTime, Duties: []companion.Duty{duty}})
	if err == nil {
		_, err = c.Ready(time.Now().Add(monitorTime))
	}
	if err == nil {
		err = dir.Save(rec)
	}
	if err != nil {
		c.Close()
		dismiss(rec)
		return fmt.Errorf("publish ports: %w", err)
	}
	return nil
}
