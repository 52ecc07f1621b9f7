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

	"github.com/urun/urun/pkg/container"
)

type psCmd struct {
	Format string `name:"format" short:"f" placeholder:"FORMAT" enum:"table,json" default:"table" about:"table, the default, or json."`
	target
	Args []string `arg:"" name:"ps-args" optional:"" verbatim:"" about:"Arguments of ps(1); -ef by default."`
}

// Help says more.
func (*psCmd) Help() string {
	return "Flags stand before the id; what follows it is for ps(1), and must have it print the pid. At a terminal the published ports follow the table; list and state tell them to programs."
}

const psHint = "what follows the id are arguments of ps(1); flags of urun stand before the id"

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
		err = printPids(app.Stdout, pids)
	case err != nil:
		err = container.WithHint(fmt.Errorf("ps: %w: %s", err, firstLine(string(out))), psHint)
	default:
		err = filterPs(app.Stdout, string(out), pids)
	}
	if err == nil && isTerminal(app.Stdout) && isTerminal(app.Stderr) {
		printPorts(app.Stderr, rt, c.ID)
	}
	return err
}

// printPorts adds the published ports to a table that a person looks at. Programs parse the table as runc prints it, many of them
// together with what is on stderr, so they must not see this: for them `list` and `state` have the ports.
func printPorts(w io.Writer, rt *container.Runtime, id string) {
	ports, err := rt.Ports(id)
	if err == nil && len(ports) > 0 { // an error: it has no network of its own, or has just ended
		fmt.Fprintln(w, "PORTS:", portList(ports))
	}
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
		return container.WithHint(errors.New("couldn't find PID field in ps output"), "among the columns must be the pid, as in -o pid,args")
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
