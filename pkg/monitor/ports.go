package monitor

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"slices"
	"strings"
	"sync"
	"syscall"

	"github.com/rootless-containers/rootlesskit/v3/pkg/port"
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

// publish publishes all of these ports, or none.
func (p *ports) publish(list []companion.Port) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	var done []int
	for _, want := range list {
		id, got, err := p.add(want)
		if err != nil {
			for _, id := range done {
				_ = p.driver.RemovePort(context.Background(), id)
				delete(p.all, id)
			}
			return err
		}
		p.all[id] = got
		done = append(done, id)
	}
	return nil
}

// tries bounds how often another free port is taken because somebody else has been faster.
const tries = 20

func (p *ports) add(want companion.Port) (int, companion.Port, error) {
	var err error
	for range tries {
		got := want
		if want.HostPort == 0 {
			if got.HostPort, err = freePort(want); err != nil {
				return 0, got, explainPort(want, err)
			}
		}
		st, err := p.driver.AddPort(context.Background(), port.Spec{
			Proto: family(got), ParentIP: got.HostIP, ParentPort: got.HostPort, ChildIP: got.ContainerIP, ChildPort: got.ContainerPort,
		})
		if err == nil {
			return st.ID, got, nil
		}
		if want.HostPort != 0 || !inUse(err) {
			return 0, got, explainPort(got, err)
		}
	}
	return 0, want, fmt.Errorf("-p %s: no free port was to be had", want)
}

func inUse(err error) bool { return errors.Is(err, syscall.EADDRINUSE) }

func explainPort(p companion.Port, err error) error {
	switch {
	case inUse(err):
		return fmt.Errorf("-p %s: port %d of %s is in use%s; take another, or 0 for a free one", p, p.HostPort, p.HostIP, holder(p))
	case strings.Contains(err.Error(), "conflict with ID"):
		return fmt.Errorf("-p %s: the port is published already", p)
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return fmt.Errorf("-p %s: this host has no address %s", p, p.HostIP)
	}
	return fmt.Errorf("-p %s: %w", p, err)
}

// family is the protocol with the version of IP, so that 0.0.0.0 and [::] are two addresses.
func family(p companion.Port) string {
	if strings.Contains(p.HostIP, ":") {
		return p.Proto + "6"
	}
	return p.Proto + "4"
}

// freePort finds a port that nobody uses; the kernel gives a different one each time.
func freePort(p companion.Port) (int, error) {
	p.HostPort = 0
	if p.Proto == "udp" {
		c, err := net.ListenPacket(family(p), p.Listens())
		if err != nil {
			return 0, err
		}
		defer c.Close()
		return c.LocalAddr().(*net.UDPAddr).Port, nil
	}
	l, err := net.Listen(family(p), p.Listens())
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// remove gives up published ports, named by their address and port of the host.
func (p *ports) remove(list []companion.Port) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, want := range list {
		found := false
		for id, have := range p.all {
			if have.Proto == want.Proto && have.HostPort == want.HostPort && have.HostIP == want.HostIP && have.ContainerPort == want.ContainerPort {
				found = true
				delete(p.all, id)
				if err := p.driver.RemovePort(context.Background(), id); err != nil {
					return fmt.Errorf("remove %s: %w", want, err)
				}
			}
		}
		if !found {
			return fmt.Errorf("%s is not published", want)
		}
	}
	return nil
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
