package userns

import (
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/idmap"
)

// HelperError tells how newuidmap or newgidmap failed.
type HelperError struct {
	Command string // as it was run, without its directory
	Line    int    // the line of the map that was refused, counted from 1; 0 when unknown
	Stderr  string // what it said, without its name in front
	Err     error  // how it ended, or why it did not start
}

// Error is one line: the command, what it said, and the line of the map that it means.
func (e *HelperError) Error() string {
	s := e.Command + ": "
	if e.Stderr != "" {
		s += e.Stderr
	} else {
		s += e.Err.Error()
	}
	if e.Line > 0 {
		s += " (line " + strconv.Itoa(e.Line) + " of the map)"
	}
	return s
}

// Unwrap is how the helper ended, or the errno of starting it.
func (e *HelperError) Unwrap() error { return e.Err }

// running is a helper that has been started.
type running struct {
	pid, out int // out is the reading end of a pipe that all its output goes to
	command  string
	m        idmap.Map
}

// start starts one helper on one map. It gets no shell and no environment but the language of its messages, and one
// pipe as all three of its standard files. fork and exec are used directly, because os.StartProcess makes a test
// child first to see whether pidfds work.
func start(path string, pid int, m idmap.Map) (running, error) {
	name := filepath.Base(path)
	argv := append([]string{name, strconv.Itoa(pid)}, m.Args()...)
	r := running{command: brief(argv), m: m}
	if err := fits(m); err != nil {
		return r, &HelperError{Command: r.command, Err: err}
	}
	var p [2]int
	if err := unix.Pipe2(p[:], unix.O_CLOEXEC); err != nil {
		return r, &HelperError{Command: r.command, Err: fmt.Errorf("pipe: %w", err)}
	}
	in := uintptr(p[1])
	child, err := syscall.ForkExec(path, argv, &syscall.ProcAttr{Env: []string{"LC_ALL=C"}, Files: []uintptr{in, in, in}})
	_ = unix.Close(p[1])
	if err != nil {
		_ = unix.Close(p[0])
		return r, &HelperError{Command: r.command, Err: fmt.Errorf("execute %s: %w", path, err)}
	}
	r.pid, r.out = child, p[0]
	return r, nil
}

// finish reads what the helper says until it ends, and reaps it.
func (r running) finish() error {
	said := readAll(r.out)
	_ = unix.Close(r.out)
	var status unix.WaitStatus
	for {
		_, err := unix.Wait4(r.pid, &status, 0, nil)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return &HelperError{Command: r.command, Stderr: said, Err: fmt.Errorf("wait: %w", err)}
		}
		break
	}
	if status.Exited() && status.ExitStatus() == 0 {
		return nil
	}
	name, _, _ := strings.Cut(r.command, " ")
	return &HelperError{
		Command: r.command,
		Line:    refused(said, r.m),
		Stderr:  strings.ReplaceAll(strings.TrimPrefix(said, name+": "), "\n", "; "),
		Err:     ending(status),
	}
}

// readAll reads a pipe to its end, keeps the first 4 KiB and trims the white space around.
func readAll(fd int) string {
	var kept []byte
	buf := make([]byte, 1024)
	for {
		n, err := unix.Read(fd, buf)
		if err == unix.EINTR {
			continue
		}
		if err != nil || n == 0 {
			return strings.TrimSpace(string(kept))
		}
		if len(kept) < 4096 {
			kept = append(kept, buf[:n]...)
		}
	}
}

// refused finds the line of a map that newuidmap means by "uid range [1-11) -> [5-15) not allowed"; 0 when none.
func refused(said string, m idmap.Map) int {
	for i, l := range m {
		inside, outside := uint64(l.ContainerID), uint64(l.HostID)
		if strings.Contains(said, fmt.Sprintf("[%d-%d) -> [%d-%d)", inside, inside+uint64(l.Size), outside, outside+uint64(l.Size))) {
			return i + 1
		}
	}
	return 0
}

// brief is a command for an error: of a long map the first four lines have to do.
func brief(argv []string) string {
	const most = 2 + 3*4
	if len(argv) <= most {
		return strings.Join(argv, " ")
	}
	return strings.Join(argv[:most], " ") + " …"
}

// ending says how a process ended.
func ending(s unix.WaitStatus) error {
	if s.Signaled() {
		return fmt.Errorf("killed by %s", unix.SignalName(s.Signal()))
	}
	return fmt.Errorf("exit status %d", s.ExitStatus())
}
