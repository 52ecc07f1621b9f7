package companion

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Companion is one that has been started, as urun sees it.
type Companion struct {
	Pid  int
	talk int // our end of the conversation; -1: it is over
}

// Start starts the program at path for the container id, whose state directory dir is a handle of. It has a session of its own
// and nothing of the caller's but these: no standard files, no environment, no working directory.
func Start(path, id string, dir int) (*Companion, error) {
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("socketpair: %w", err)
	}
	defer unix.Close(pair[1])
	null, err := unix.Open("/dev/null", unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		unix.Close(pair[0])
		return nil, fmt.Errorf("open /dev/null: %w", err)
	}
	defer unix.Close(null)
	in := uintptr(null)
	// The id in its command line tells people which container it belongs to. fork and exec are used directly, because
	// os.StartProcess makes a test child first to see whether pidfds work.
	pid, err := syscall.ForkExec(path, []string{Name, id}, &syscall.ProcAttr{
		Dir: "/", Files: []uintptr{TalkFD: uintptr(pair[1]), DirFD: uintptr(dir), 0: in, 1: in, 2: in}, Sys: &syscall.SysProcAttr{Setsid: true},
	})
	if err != nil {
		unix.Close(pair[0])
		return nil, fmt.Errorf("execute %s: %w", path, err)
	}
	return &Companion{Pid: pid, talk: pair[0]}, nil
}

// Give hands over the order; Ready has the answer.
func (c *Companion) Give(o Order) error {
	raw, err := json.Marshal(o)
	if err != nil {
		return err
	}
	if _, err := unix.SendmsgN(c.talk, raw, nil, nil, unix.MSG_NOSIGNAL); err != nil {
		return fmt.Errorf("%s does not take its order: %w", Name, err)
	}
	return unix.Shutdown(c.talk, unix.SHUT_WR)
}

// Ready waits until the companion has said that it is ready, and ends the conversation. An error is the reason why it does
// nothing.
//
// ports are the published ones, as JSON; empty: there are none.
func (c *Companion) Ready(deadline time.Time) (ports string, err error) {
	defer c.Close()
	said, err := c.hear(deadline)
	ports, isReady := strings.CutPrefix(said, ready)
	switch {
	case err != nil:
		return "", fmt.Errorf("%s: %w", Name, err)
	case said == "":
		return "", errors.New(Name + " has ended without a word")
	case !isReady:
		return "", errors.New(Name + ": " + said)
	}
	return ports, nil
}

// hear reads until the other end closes the conversation.
func (c *Companion) hear(deadline time.Time) (string, error) {
	var said []byte
	buf := make([]byte, 512)
	for {
		left := time.Until(deadline)
		n, err := unix.Poll([]unix.PollFd{{Fd: int32(c.talk), Events: unix.POLLIN}}, int(max(left.Milliseconds(), 0)))
		if err == unix.EINTR {
			continue
		}
		if err == nil && n == 0 {
			err = errors.New("no answer in time")
		}
		if err == nil {
			n, err = unix.Read(c.talk, buf)
		}
		if err == unix.ECONNRESET {
			return string(said), nil
		}
		if err != nil || n == 0 || len(said) > maxOrder {
			return string(said), err
		}
		said = append(said, buf[:n]...)
	}
}

// Close ends the conversation. A companion that has no order yet ends by that.
func (c *Companion) Close() {
	if c.talk >= 0 {
		unix.Close(c.talk)
		c.talk = -1
	}
}
