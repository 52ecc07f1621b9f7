package cgroup

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// ErrGone is the answer of a Watch when its cgroup has been removed.
var ErrGone = errors.New("the cgroup has been removed")

// Watch waits for changes of a file that the kernel announces: cgroup.events, memory.events, pids.events and the like.
type Watch struct {
	fd   int
	file string
}

// Watch begins to watch a file. What changes from now on is announced. Close it.
func (d *Dir) Watch(file string) (*Watch, error) {
	if err := isName(file); err != nil {
		return nil, err
	}
	fd, err := again(func() (int, error) {
		return unix.Openat(d.fd, file, unix.O_RDONLY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	})
	if err != nil {
		return nil, fmt.Errorf("cgroup %s: watch %s: %w", d.path, file, err)
	}
	w := &Watch{fd, file}
	if _, err := w.Counts(); err != nil { // until it has been read, it counts as changed
		unix.Close(fd)
		return nil, err
	}
	return w, nil
}

// Close ends the watch.
func (w *Watch) Close() error { return unix.Close(w.fd) }

// Fd is the descriptor, for a poll(2) of the caller's own: POLLPRI announces a change, and after one Counts has to be called
// before the next is announced.
func (w *Watch) Fd() int { return w.fd }

// Counts reads the file: words and numbers by line.
func (w *Watch) Counts() (map[string]uint64, error) {
	text, err := readAll(w.fd)
	if err == unix.ENODEV {
		return nil, ErrGone
	}
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", w.file, err)
	}
	return keyed(text), nil
}

// Wait waits until the file changes; false says that it did not before the deadline.
func (w *Watch) Wait(deadline time.Time) (bool, error) {
	for {
		left := time.Until(deadline)
		if left <= 0 {
			return false, nil
		}
		fds := []unix.PollFd{{Fd: int32(w.fd), Events: unix.POLLPRI}}
		n, err := unix.Poll(fds, int(left/time.Millisecond)+1)
		if err == unix.EINTR {
			continue
		}
		return n > 0, err
	}
}

// trust is how long the kernel's silence about a change is believed. It announces a second change within ten milliseconds by
// a timer (cgroup_file_notify in kernel/cgroup/cgroup.c), and of Linux 6.12 it has been seen that this woke nobody.
const trust = 20 * time.Millisecond

// until waits for a line "key value" in cgroup.events of d. A cgroup that is gone has no processes.
func (d *Dir) until(key string, value uint64, deadline time.Time) (bool, error) {
	w, err := d.Watch("cgroup.events")
	if err != nil {
		return false, err
	}
	defer w.Close()
	for {
		counts, err := w.Counts()
		if err == ErrGone && key == "populated" && value == 0 {
			return true, nil
		}
		if err != nil {
			return false, err
		}
		if now, ok := counts[key]; ok && now == value {
			return true, nil
		}
		if time.Now().After(deadline) {
			return false, nil
		}
		if _, err := w.Wait(earlier(deadline, time.Now().Add(trust))); err != nil {
			return false, err
		}
	}
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// keyed reads lines of "word number"; others are passed over.
func keyed(text string) map[string]uint64 {
	counts := map[string]uint64{}
	for line := range strings.Lines(text) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		if n, err := strconv.ParseUint(value, 10, 64); err == nil {
			counts[key] = n
		}
	}
	return counts
}
