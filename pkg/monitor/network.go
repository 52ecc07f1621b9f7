package monitor

import (
	"errors"
	"fmt"
	"time"

	"github.com/urun/urun/pkg/companion"
	"github.com/urun/urun/pkg/state"
)

// netTime bounds how long each helper of the network may take to get ready.
const netTime = 8 * time.Second

// connect gives the waiting container its network and publishes its ports. Its helpers end with it, and with this process: each
// holds the other end of a pipe or a socket that only this process has open.
func connect(w *watch, d companion.Duty) (task, error) {
	n := d.Network
	if n == nil {
		return nil, errors.New("no network is described")
	}
	carry()
	var tap *helper
	tapped := make(chan error, 1)
	go func() {
		var err error
		if n.Program != "" {
			tap, err = startHelper(n, w.pid)
		}
		tapped <- err
	}()
	ports, err := startPorts(w, n.User)
	if err == nil {
		err = ports.publish(n.Ports)
	}
	if terr := <-tapped; terr != nil {
		err = terr
	}
	if err == nil {
		w.report.Ports = ports.list() // that is told to urun: there is no record yet
		err = ports.control()
	}
	if err != nil {
		return nil, err
	}
	return func(end <-chan struct{}) {
		select {
		case <-tap.ended():
			w.insist(end, func(r *state.Report) { r.NetLost = tap.name + " has ended before the container: " + tap.why })
			<-end
		case why := <-ports.ended:
			w.insist(end, func(r *state.Report) { r.NetLost = "the process that connects to published ports has ended: " + why })
			<-end
		case <-end:
		}
		tap.stop()
		ports.stop()
	}, nil
}

// within waits for what comes from a channel, but not for ever.
func within(what string, done <-chan error) error {
	select {
	case err := <-done:
		return err
	case <-time.After(netTime):
		return fmt.Errorf("%s: not ready within %v", what, netTime)
	}
}
