package userns

import (
	"fmt"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/idmap"
	"github.com/urun/urun/pkg/program"
	"github.com/urun/urun/pkg/sys"
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
	code     *sys.Code
	path     string
	command  string
	m        idmap.Map
}

// start starts one helper on one map. It gets no shell and no environment but the language of its messages, and one pipe as all three
// of its standard files. syscall.ForkExec would return only when the one helper has been loaded, a third of a millisecond later, and
// the two are to run at the same time.
func start(path string, pid int, m idmap.Map) (running, error) {
	name := filepath.Base(path)
	argv := append([]string{name, strconv.Itoa(pid)}, m.Args()...)
	r := running{path: path, command: brief(argv), m: m}
	if err := fits(m); err != nil {
		return r, &HelperError{Command: r.command, Err: err}
	}
	var p [2]int
	if err := unix.Pipe2(p[:], unix.O_CLOEXEC); err != nil {
		return r, &HelperError{Command: r.command, Err: fmt.Errorf("pipe: %w", err)}
	}
	r.code = becomes(path, argv, p[1])
	child, err := sys.Spawn(r.code)
	_ = unix.Close(p[1])
	if err != nil {
		_ = unix.Close(p[0])
		r.code.Free()
		return r, &HelperError{Command: r.command, Err: fmt.Errorf("fork: %w", err)}
	}
	r.pid, r.out = child, p[0]
	return r, nil
}

// becomes is what the child does to become the helper.
func becomes(path string, argv []string, out int) *sys.Code {
	p := program.New()
	for fd := range 3 {
		p.Call(unix.SYS_DUP3, program.Int(out), program.Int(fd), program.Int(0))
	}
	p.Sigmask()
	p.Call(unix.SYS_EXECVE, p.Str(path), p.Strs(argv), p.Strs([]string{"LC_ALL=C"}))
	p.Data(make([]byte, sys.StackSize))
	return p.Link(nil) // nobody is told of a failure: it is in the code
}

// finish reads what the helper says until it ends, and reaps it.
func (r running) finish() error {
	said := readAll(r.out)
	_ = unix.Close(r.out)
	defer r.code.Free()
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
	if errno := r.code.Errno(); errno != 0 {
		return &HelperError{Command: r.command, Err: fmt.Errorf("execute %s: %w", r.path, errno)}
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
