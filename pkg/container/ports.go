package container

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/companion"
	"github.com/urun/urun/pkg/host"
	"github.com/urun/urun/pkg/network"
	"github.com/urun/urun/pkg/plan"
	"github.com/urun/urun/pkg/state"
)

// Ports returns the published ports of the running container id; none where it has a network and was made without any.
func (r *Runtime) Ports(id string) ([]companion.Port, error) {
	dir, rec, err := r.openNetwork(id)
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	report, _ := dir.Report(rec)
	return published(rec, report, monitorLives(rec)), nil
}

// ChangePorts publishes more ports of the running container id, or gives some up: all of them, or none. It returns those that are
// published then.
func (r *Runtime) ChangePorts(id string, add, remove []string) ([]companion.Port, error) {
	dir, rec, err := r.openNetwork(id)
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	if !servesPorts(rec) {
		return nil, errors.New("the container was made without a port, and so nobody is there to publish one: " +
			"make it with one, such as -p 0:80, and more can be added then")
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
	return ask(dir, request)
}

// servesPorts says whether urun-monitor publishes ports of the container: where it has a way out, or was made with a port.
func servesPorts(rec state.Record) bool {
	return rec.Monitor != nil && slices.Contains(rec.Monitor.Duties, companion.Net)
}

// openNetwork opens a running container that has a network of urun's, which is not another container's.
func (r *Runtime) openNetwork(id string) (*state.Dir, state.Record, error) {
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
	case servesPorts(rec) && !monitorLives(rec):
		err = errors.New(companion.Lost(companion.Net) + ": " + companion.Name + " has ended")
	}
	if err != nil {
		dir.Close()
		return nil, rec, err
	}
	return dir, rec, nil
}

// ask has urun-monitor carry out a change.
func ask(dir *state.Dir, request companion.PortRequest) ([]companion.Port, error) {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	defer unix.Close(fd)
	limit := unix.NsecToTimeval(monitorTime.Nanoseconds())
	_ = unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &limit)
	path := fmt.Sprintf("/proc/self/fd/%d/%s", dir.Fd(), companion.PortSocket)
	raw, err := json.Marshal(request)
	if err == nil {
		err = unix.Connect(fd, &unix.SockaddrUnix{Name: path})
	}
	if err == nil {
		_, err = unix.SendmsgN(fd, raw, nil, nil, unix.MSG_NOSIGNAL)
	}
	if err == nil {
		err = unix.Shutdown(fd, unix.SHUT_WR)
	}
	var said []byte
	if err == nil {
		said, err = io.ReadAll(socketReader(fd))
	}
	var reply companion.PortReply
	if err == nil {
		err = json.Unmarshal(said, &reply)
	}
	switch {
	case err != nil:
		return nil, fmt.Errorf("%s does not answer: %w", companion.Name, err)
	case reply.Error != "":
		return nil, errors.New(reply.Error)
	}
	return reply.Ports, nil
}

// socketReader reads from a blocking socket, without package net, which every start of urun would pay for.
type socketReader int

func (s socketReader) Read(p []byte) (int, error) {
	for end := time.Now().Add(monitorTime); ; {
		n, err := unix.Read(int(s), p)
		switch {
		case err == unix.EINTR && time.Now().Before(end):
		case err != nil:
			return 0, err
		case n == 0:
			return 0, io.EOF
		default:
			return n, nil
		}
	}
}
