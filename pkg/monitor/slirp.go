package monitor

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/companion"
)

// Descriptors of slirp4netns.
const (
	readyFD = 3
	exitFD  = 4
)

// slirp is a running slirp4netns(1). It is started by hand: RootlessKit's driver calls nsenter(1) and ip(8), in the container's
// mount namespace, and asks slirp4netns for its features each time, where one option of slirp4netns does the same in a third of
// the time.
type slirp struct {
	pid, pidfd int
	exit       *os.File // slirp4netns ends when this is closed
	said       words
	gone       chan string
}

// startSlirp connects the network namespace of pid, and returns when the interface is up. The container may reach neither the
// host's loopback nor anything of the host's files through it.
func startSlirp(n *companion.Network, pid int) (*slirp, error) {
	ready, readyChild, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer ready.Close()
	defer readyChild.Close()
	exitChild, exit, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer exitChild.Close()
	errs, errsChild, err := os.Pipe()
	if err != nil {
		exit.Close()
		return nil, err
	}
	s := &slirp{exit: exit, gone: make(chan string, 1)}
	// Without os.StartProcess, which makes a child more to see whether pidfds work.
	s.pid, err = syscall.ForkExec(n.Program, slirpArgs(n, pid), &syscall.ProcAttr{
		Dir: "/", Env: []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin"},
		Files: []uintptr{0, 0, errsChild.Fd(), readyFD: readyChild.Fd(), exitFD: exitChild.Fd()},
	})
	errsChild.Close()
	if err != nil {
		exit.Close()
		errs.Close()
		return nil, fmt.Errorf("execute %s: %w", n.Program, err)
	}
	if s.pidfd, err = unix.PidfdOpen(s.pid, 0); err != nil {
		s.pidfd = -1 // closing exit does, but for one that hangs
	}
	go s.follow(errs)
	readyChild.Close()
	up := make(chan error, 1)
	go func() {
		if k, _ := ready.Read(make([]byte, 1)); k == 0 {
			up <- s.failed(<-s.gone)
			return
		}
		up <- nil
	}()
	if err := within("slirp4netns", up); err != nil {
		s.stop()
		return nil, err
	}
	return s, nil
}

func slirpArgs(n *companion.Network, pid int) []string {
	args := []string{"slirp4netns", "--configure", "--mtu=" + strconv.Itoa(n.MTU), "--enable-sandbox", "--enable-seccomp", "--ready-fd=" + strconv.Itoa(readyFD), "--exit-fd=" + strconv.Itoa(exitFD)}
	if !n.Loopback {
		args = append(args, "--disable-host-loopback")
	}
	if n.IPv6 {
		args = append(args, "--enable-ipv6")
	}
	return append(args, strconv.Itoa(pid), "tap0")
}

// failed is the error of a slirp4netns that did not get ready.
func (s *slirp) failed(how string) error {
	said := s.said.last()
	for _, sign := range []string{"unrecognized option", "unknown option", "invalid option"} {
		if strings.Contains(said, sign) {
			return fmt.Errorf("slirp4netns is too old (%s): 1.0.0 or newer is needed", said)
		}
	}
	if said == "" {
		said = how
	}
	return errors.New("slirp4netns: " + said)
}

// ended tells, once, how slirp4netns has ended.
func (s *slirp) ended() <-chan string {
	if s == nil {
		return nil
	}
	return s.gone
}

func (s *slirp) stop() {
	if s != nil {
		s.exit.Close()
		_ = unix.PidfdSendSignal(s.pidfd, unix.SIGKILL, nil, 0)
	}
}

// follow takes what slirp4netns says until its end, and tells of that.
func (s *slirp) follow(errs *os.File) {
	_, _ = io.Copy(&s.said, errs)
	errs.Close()
	var status syscall.WaitStatus
	for {
		if _, err := syscall.Wait4(s.pid, &status, 0, nil); err != syscall.EINTR {
			break
		}
	}
	s.gone <- ending(status)
}

func ending(status syscall.WaitStatus) string {
	if status.Signaled() {
		return unix.SignalName(status.Signal())
	}
	return fmt.Sprintf("exit status %d", status.ExitStatus())
}

// words keeps the beginning of what a helper prints, for who wants to know why it failed.
type words struct {
	mu   sync.Mutex
	text []byte
}

func (w *words) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.text = append(w.text, p[:min(len(p), 4096-len(w.text))]...)
	return len(p), nil
}

// last is the line that a helper printed last.
func (w *words) last() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	lines := strings.Split(strings.TrimSpace(string(w.text)), "\n")
	return strings.TrimSpace(lines[len(lines)-1])
}
