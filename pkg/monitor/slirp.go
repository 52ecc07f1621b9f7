package monitor

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"

	"github.com/urun/urun/pkg/companion"
)

// slirp is a running slirp4netns(1). It is started by hand: RootlessKit's driver calls nsenter(1) and ip(8), in the container's
// mount namespace, and asks slirp4netns for its features each time, where one option of slirp4netns does the same in a third of
// the time.
type slirp struct {
	cmd  *exec.Cmd
	exit *os.File // slirp4netns ends when this is closed
	said words
	gone chan string
}

// startSlirp connects the network namespace of pid, and returns when the interface is up. The container may reach neither the
// host's loopback nor anything of the host's files through it.
func startSlirp(n *companion.Network, pid int) (*slirp, error) {
	ready, readyChild, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer ready.Close()
	exitChild, exit, err := os.Pipe()
	if err != nil {
		readyChild.Close()
		return nil, err
	}
	s := &slirp{cmd: exec.Command(n.Program, slirpArgs(n, pid)...), exit: exit, gone: make(chan string, 1)}
	s.cmd.ExtraFiles = []*os.File{readyChild, exitChild}
	s.cmd.Stderr = &s.said
	s.cmd.Env, s.cmd.Dir = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin"}, "/"
	err = s.cmd.Start()
	readyChild.Close()
	exitChild.Close()
	if err != nil {
		exit.Close()
		return nil, err
	}
	go func() { s.gone <- ending(s.cmd.Wait()) }()
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
	args := []string{"--configure", "--mtu=" + strconv.Itoa(n.MTU), "--enable-sandbox", "--enable-seccomp", "--ready-fd=3", "--exit-fd=4"}
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
		_ = s.cmd.Process.Kill()
	}
}

func ending(err error) string {
	if err == nil {
		return "exit status 0"
	}
	return err.Error()
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
