package monitor

import (
	"encoding/json"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/urun/urun/pkg/companion"
	"github.com/urun/urun/pkg/state"
)

// requestTime bounds how long one request may take to be said and answered.
const requestTime = 10 * time.Second

// control listens for those who want to change the published ports, one after the other. Only who may enter the state directory,
// the container's owner, reaches the socket.
func (p *ports) control() error {
	path := filepath.Join(stateDir, companion.PortSocket)
	_ = os.Remove(path)
	l, err := net.Listen("unix", path)
	if err != nil {
		return err
	}
	go p.serve(l)
	return nil
}

// breath is how long accepting pauses after an error, such as that all descriptors are in use: by the connections that it carries.
const breath = 100 * time.Millisecond

// serve answers one after the other, until l is closed.
func (p *ports) serve(l net.Listener) {
	for {
		c, err := l.Accept()
		switch {
		case errors.Is(err, net.ErrClosed):
			return
		case err != nil:
			time.Sleep(breath)
			continue
		}
		_ = c.SetDeadline(time.Now().Add(requestTime))
		p.answer(c)
		c.Close()
	}
}

func (p *ports) answer(c io.ReadWriter) {
	var request companion.PortRequest
	err := json.NewDecoder(io.LimitReader(c, 1<<20)).Decode(&request)
	switch {
	case err != nil:
	case len(request.Add) > 0 && len(request.Remove) > 0:
		err = errors.New("either add or remove")
	case len(request.Add) > 0:
		err = p.publish(request.Add)
	default:
		err = p.remove(request.Remove)
	}
	reply := companion.PortReply{Ports: p.list()}
	if err != nil {
		reply.Error = err.Error()
	}
	p.w.note(func(r *state.Report) { r.Ports, r.PortsChanged = reply.Ports, true })
	_ = json.NewEncoder(c).Encode(reply)
}
