package main

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"time"
)

// outcome is what one run of a command came to.
type outcome struct {
	took   time.Duration // from before the fork until the wait for it has returned
	output []byte        // stdout and stderr together
}

// spawn runs a command to its end. Its output goes to a file on tmpfs, not through a pipe that somebody must read
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

	attr := &os.ProcAttr{Files: []*os.File{null, out, out}}
	begin := time.Now()
	process, err := os.StartProcess(argv[0], argv, attr)
	if err != nil {
		return outcome{}, err
	}
	state, err := process.Wait()
	took := time.Since(begin)
	if err != nil {
		return outcome{}, err
	}
	output, err := os.ReadFile(out.Name())
	if err != nil {
		return outcome{}, err
	}
	if !state.Success() {
		return outcome{}, fmt.Errorf("%s: %s: %s", strings.Join(argv, " "), state, lastLine(output))
	}
	return outcome{took, output}, nil
}

func lastLine(output []byte) string {
	lines := bytes.Split(bytes.TrimSpace(output), []byte("\n"))
	return string(lines[len(lines)-1])
}
