package monitor

import (
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/companion"
	"github.com/urun/urun/pkg/network"
)

// Where a helper says that the interface is up. pasta closes, as it begins, what is above its standard files; slirp4netns talks on its
// standard output, and one of its processes has said something there before.
const (
	pastaReadyFD = 1
	slirpReadyFD = 3
)

// kind is what is different between the programs that may carry what a container sends.
type kind struct {
	readyFD int
	args    func(n *companion.Network, pid int) []string // pid: the container's first process
	explain func(said *words) error                      // why it did not get ready, if that can be told better than it did
	guard   func(h *helper, n *companion.Network) error  // once it is ready; nil: nothing
}

var kinds = map[string]kind{
	network.Slirp: {slirpReadyFD, slirpArgs, slirpTrouble, guardLoopback},
	network.Pasta: {pastaReadyFD, pastaArgs, pastaTrouble, nil},
}

// helper is a running one. It is started by hand and not by RootlessKit's driver, which asks the program for its features each
// time, and does not know the process that pasta has left in the background.
type helper struct {
	name  string
	kind  kind
	pid   int
	pidfd int
	said  words
	gone  chan struct{} // closed when it has ended
	why   string        // how, once gone is closed
}

// startHelper connects the network namespace of pid, and returns when the interface is up.
func startHelper(n *companion.Network, pid int) (*helper, error) {
	kind, ok := kinds[n.Mode]
	if !ok {
		return nil, fmt.Errorf("the network %q is not known to this version", n.Mode)
	}
	h := &helper{name: n.Mode, kind: kind, pidfd: -1, gone: make(chan struct{})}
	ready, err := h.launch(n.Program, kind.args(n, pid))
	if err != nil {
		return nil, err
	}
	err = within(h.name, h.ready(ready))
	if err == nil && kind.guard != nil {
		err = kind.guard(h, n)
	}
	if err != nil {
		h.stop()
		return nil, err
	}
	return h, nil
}

// launch executes the program, and returns what is to be read from its readyFD.
func (h *helper) launch(path string, args []string) (*os.File, error) {
	held, err := leash()
	if err != nil {
		return nil, err
	}
	defer unix.Close(held)
	ready, readyChild, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer readyChild.Close()
	errs, errsChild, err := os.Pipe()
	if err != nil {
		ready.Close()
		return nil, err
	}
	defer errsChild.Close()
	files := []uintptr{uintptr(held), 1, errsChild.Fd()} // 1 is /dev/null
	if h.kind.readyFD < len(files) {
		files[h.kind.readyFD] = readyChild.Fd()
	} else {
		files = append(files, readyChild.Fd())
	}
	// Without os.StartProcess, which makes a child more to see whether pidfds work.
	h.pid, err = syscall.ForkExec(path, append([]string{h.name}, args...), &syscall.ProcAttr{
		Dir: "/", Env: []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin"},
		Files: files,
	})
	if err != nil {
		ready.Close()
		errs.Close()
		return nil, fmt.Errorf("execute %s: %w", path, err)
	}
	if h.pidfd, err = unix.PidfdOpen(h.pid, 0); err != nil {
		h.pidfd = -1
	}
	go h.follow(errs)
	return ready, nil
}

// ready tells when the helper is, or why it will never be. r stays open until the helper has ended: one that writes to it once more
// shall not die of that.
func (h *helper) ready(r io.ReadCloser) <-chan error {
	up := make(chan error, 1)
	go func() {
		defer r.Close()
		if k, _ := r.Read(make([]byte, 1)); k > 0 {
			up <- nil
			<-h.gone
			return
		}
		<-h.gone
		up <- h.failed()
	}()
	return up
}

// failed is the error of a helper that did not get ready, and has ended.
func (h *helper) failed() error {
	if err := h.kind.explain(&h.said); err != nil {
		return err
	}
	said := h.said.last()
	if said == "" {
		said = h.why
	}
	return errors.New(h.name + ": " + said)
}

// follow takes what the helper says until its end, and tells of that.
func (h *helper) follow(errs *os.File) {
	_, _ = io.Copy(&h.said, errs)
	errs.Close()
	var status syscall.WaitStatus
	for {
		if _, err := syscall.Wait4(h.pid, &status, 0, nil); err != syscall.EINTR {
			break
		}
	}
	h.why = ending(status)
	close(h.gone)
}

// ended is closed when the helper has ended; nil: there is none.
func (h *helper) ended() <-chan struct{} {
	if h == nil {
		return nil
	}
	return h.gone
}

// stop ends the helper. Where there are no pidfds the end of this process does (leash).
func (h *helper) stop() {
	if h != nil {
		_ = unix.PidfdSendSignal(h.pidfd, unix.SIGKILL, nil, 0)
	}
}
