package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"strconv"
	"strings"
)

type psCmd struct {
	Format string `name:"format" short:"f" enum:"table,json" default:"table" about:"table or json."`
	target
	Args []string `arg:"" name:"ps-args" optional:"" verbatim:"" about:"Arguments of ps(1); -ef by default."`
}

// Run lists the processes.
func (c *psCmd) Run(app *App) error {
	app.quiet = true
	rt, err := app.Runtime()
	if err != nil {
		return err
	}
	pids, err := rt.Ps(c.ID)
	if err != nil {
		return err
	}
	if c.Format == "json" {
		return json.NewEncoder(app.Stdout).Encode(pids)
	}
	args := c.Args
	if len(args) == 0 {
		args = []string{"-ef"}
	}
	out, err := exec.Command("ps", args...).CombinedOutput()
	switch {
	case errors.Is(err, exec.ErrNotFound):
		return printPids(app.Stdout, pids)
	case err != nil:
		return fmt.Errorf("ps: %w: %s", err, firstLine(string(out)))
	}
	return filterPs(app.Stdout, string(out), pids)
}

// firstLine is what ps(1) has to say; its whole usage follows on the lines after.
func firstLine(out string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(out), "\n")
	return strings.TrimSpace(line)
}

// printPids is the table where ps(1) is not installed.
func printPids(w io.Writer, pids []int) error {
	if _, err := fmt.Fprintln(w, "PID"); err != nil {
		return err
	}
	for _, pid := range pids {
		if _, err := fmt.Fprintln(w, pid); err != nil {
			return err
		}
	}
	return nil
}

// filterPs copies the header and the lines of the given processes from the output of ps(1).
func filterPs(w io.Writer, out string, pids []int) error {
	header, body, _ := strings.Cut(out, "\n")
	column := slices.Index(strings.Fields(header), "PID")
	if column < 0 {
		return errors.New("couldn't find PID field in ps output")
	}
	fmt.Fprintln(w, header)
	for line := range strings.Lines(body) {
		fields := strings.Fields(line)
		if len(fields) == 0 {
			continue
		}
		if column >= len(fields) {
			return fmt.Errorf("unable to parse pid: no column %d in %q", column+1, line)
		}
		pid, err := strconv.Atoi(fields[column])
		if err != nil {
			return fmt.Errorf("unable to parse pid: %w", err)
		}
		if slices.Contains(pids, pid) {
			if _, err := io.WriteString(w, line); err != nil {
				return err
			}
		}
	}
	return nil
}
