package monitor

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"sync"

	"github.com/rootless-containers/rootlesskit/v3/pkg/port"
	"github.com/rootless-containers/rootlesskit/v3/pkg/port/builtin/opaque"
	"github.com/rootless-containers/rootlesskit/v3/pkg/port/builtin/parent"

	"github.com/urun/urun/pkg/companion"
)

// ports publishes ports of the container on the host, by RootlessKit's builtin driver. Its half that listens and carries the
// bytes is in this process; the other, which makes the connections inside, is a process of its own (dialer).
type ports struct {
	driver port.ParentDriver
	dialer *dialer
	ended  chan string // how the dialer has ended

	mu  sync.Mutex
	all map[int]companion.Port // by the driver's number
	w   *watch
}

// stateDir is the container's state directory, as the descriptor that urun has handed over: a socket's path may not be long.
var stateDir = fmt.Sprintf("/proc/self/fd/%d", companion.DirFD)

func startPorts(w *watch, user bool) (*ports, error) {
	driver, err := parent.NewDriver(io.Discard, stateDir, false, "")
	if err != nil {
		return nil, err
	}
	// The dialer listens there, and could not where one before it, that was hired in vain, has left its socket.
	_ = os.Remove(driver.OpaqueForChild()[opaque.SocketPath])
	p := &ports{driver: driver, all: map[int]companion.Port{}, ended: make(chan string, 1), w: w}
	if p.dialer, err = startDialer(w, user, driver.OpaqueForChild()); err != nil {
		return nil, err
	}
	up := make(chan error, 3)
	complete := make(chan struct{}, 1)
	go func() { up <- driver.RunParentDriver(complete, nil, nil) }()
	go func() { <-complete; up <- nil }()
	go func() {
		how := p.dialer.wait()
		up <- errors.New("the process that connects to ports has ended: " + how)
		p.ended <- how
	}()
	return p, within("published ports", up)
}

// remove gives up published ports, named by their addresses: all of these, or none.
func (p *ports) remove(list []companion.Port) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	var found []int
	for _, want := range list {
		id, ok := p.find(want)
		if !ok {
			return fmt.Errorf("%s is not published", want)
		}
		found = append(found, id)
	}
	for _, id := range found {
		given := p.all[id]
		delete(p.all, id)
		if err := p.driver.RemovePort(context.Background(), id); err != nil {
			return fmt.Errorf("remove %s: %w", given, err)
		}
	}
	return nil
}

// find is the driver's number of a published port. Where in the container it leads, beyond the port, is not asked.
//
// Preconditions: mu is held.
func (p *ports) find(want companion.Port) (id int, ok bool) {
	for id, have := range p.all {
		if have.ContainerIP = want.ContainerIP; have == want {
			return id, true
		}
	}
	return 0, false
}

// list is all published ports, in the order in which they came.
func (p *ports) list() []companion.Port {
	p.mu.Lock()
	defer p.mu.Unlock()
	var list []companion.Port
	for _, id := range slices.Sorted(maps.Keys(p.all)) {
		list = append(list, p.all[id])
	}
	return list
}

func (p *ports) stop() { p.dialer.stop() }
