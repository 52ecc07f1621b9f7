package container

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/companion"
	"github.com/urun/urun/pkg/host"
	"github.com/urun/urun/pkg/network"
	"github.com/urun/urun/pkg/plan"
	"github.com/urun/urun/pkg/state"
)

// Ports returns the published ports of the running container id; none where it has a network and was made without any.
func (r *Runtime) Ports(id string) ([]companion.Port, error) { return r.ChangePorts(id, nil, nil) }

// ChangePorts publishes more ports of the running container id, or gives some up: all of these, or none. It returns those that are
// published then; with nothing to do it changes nothing.
func (r *Runtime) ChangePorts(id string, add, remove []string) ([]companion.Port, error) {
	dir, rec, err := r.openNetwork(id, len(add) > 0)
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	if len(add)+len(remove) == 0 {
		report, _ := dir.Report(rec)
		return published(rec, report, monitorLives(rec)), nil
	}
	var request companion.PortRequest
	if request.Remove, err = network.ParsePorts(remove); err != nil {
		return nil, fmt.Errorf("--remove: %w", err)
	}
	if request.Add, err = network.ParsePorts(add); err != nil {
		return nil, fmt.Errorf("-p: %w", err)
	}
	h, err := host.Detect()
	if err != nil {
		return nil, err
	}
	if request.Add, err = plan.LeadIn(request.Add, rec.Network, host.LowPorts(&h)); err != nil {
		return nil, err
	}
	if !servesPorts(rec) || replaceable(rec) {
		if len(request.Remove) > 0 {
			return nil, fmt.Errorf("--remove %s: the container has no ports", request.Remove[0])
		}
		if err := hireForPorts(dir); err != nil {
			return nil, err
		}
	}
	ports, err := ask(dir, request, monitorTime)
	if unheard(err) { // it is only just being hired by another urun, which has the lock; or that was killed, and it ends by itself
		if err := hireForPorts(dir); err != nil {
			return nil, err
		}
		ports, err = ask(dir, request, monitorTime)
	}
	return ports, err
}

// unheard says that nobody takes changes of the ports, or that who did has ended before it answered.
func unheard(err error) bool {
	return errors.Is(err, unix.ENOENT) || errors.Is(err, unix.ECONNREFUSED) || errors.Is(err, unix.ECONNRESET) || errors.Is(err, unix.EPIPE)
}

// servesPorts says whether urun-monitor publishes ports of the container: where it has a way out, or was made with a port.
func servesPorts(rec state.Record) bool {
	return rec.Monitor != nil && slices.Contains(rec.Monitor.Duties, companion.Net)
}

// openNetwork opens a running container that has a network of urun's, which is not another container's. mend: where nobody publishes
// its ports any more, somebody will.
func (r *Runtime) openNetwork(id string, mend bool) (*state.Dir, state.Record, error) {
	dir, err := r.Store.Open(id)
	if err != nil {
		return nil, state.Record{}, err
	}
	rec, err := dir.Load()
	switch {
	case err != nil:
	case !state.Alive(rec):
		err = errors.New("the container has stopped")
	case rec.Network == "":
		err = errors.New("the container has no network of urun's: run it with --net auto, or with -p")
	case strings.HasPrefix(rec.Network, network.Of):
		first := strings.TrimPrefix(rec.Network, network.Of)
		err = fmt.Errorf("the network is that of the container %s: urun port %s", first, first)
	case servesPorts(rec) && !monitorLives(rec) && !(mend && replaceable(rec)):
		err = errors.New(companion.Lost(companion.Net) + ": " + companion.Name + " has ended")
		if replaceable(rec) {
			err = fmt.Errorf("%w; urun port -p publishes some anew", err)
		}
	}
	if err != nil {
		dir.Close()
		return nil, rec, err
	}
	return dir, rec, nil
}
