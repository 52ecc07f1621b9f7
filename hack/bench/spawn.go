package main

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"syscall"
	"time"
)

// outcome is what one run of a command came to.
type outcome struct {
	took   time.Duration // from before the fork until the wait for it has returned
	output []byte        // stdout and stderr together
}

// spawn runs a command to its end, with no more around it than must be: what package os does besides is measured with it. Its output goes to a file on tmpfs, not through a pipe that somebody must read
// while the clock is running; stdin is empty.
func spawn(dir string, argv []string) (outcome, error) {
	out, err := os.CreateTemp(dir, "output")
	if err != nil {
		return outcome{}, err
	}
	defer out.Close()
	defer os.Remove(out.Name())
	null, err := os.Open(os.DevNull)
	if err != nil {
		return outcome{}, err
	}
	defer null.Close()

	attr := &syscall.ProcAttr{Env: os.Environ(), Files: []uintptr{null.Fd(), out.Fd(), out.Fd()}}
	begin := time.Now()
	pid, err := syscall.ForkExec(argv[0], argv, attr)
	if err != nil {
		return outcome{}, &os.PathError{Op: "execute", Path: argv[0], Err: err}
	}
	status, err := await(pid)
	took := time.Since(begin)
	if err != nil {
		return outcome{}, err
	}
	output, err := os.ReadFile(out.Name())
	if err != nil {
		return outcome{}, err
	}
	if status != 0 {
		return outcome{}, fmt.Errorf("%s: exit status %d: %s", strings.Join(argv, " "), status.ExitStatus(), lastLine(output))
	}
	return outcome{took, output}, nil
}

// await waits for the end of a process.
func await(pid int) (status syscall.WaitStatus, err error) {
	for {
		if _, err = syscall.Wait4(pid, &status, 0, nil); err != syscall.EINTR {
			return status, err
		}
	}
}

func lastLine(output []byte) string {
	lines := bytes.Split(bytes.TrimSpace(output), []byte("\n"))
	return string(lines[len(lines)-1])
}
