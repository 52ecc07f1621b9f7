package monitor

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"syscall"

	"github.com/rootless-containers/rootlesskit/v3/pkg/port"

	"github.com/urun/urun/pkg/companion"
)

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
