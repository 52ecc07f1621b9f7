package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/container"
)

type statsCmd struct {
	Interval string   `name:"interval" placeholder:"TIME" default:"1s" about:"Time over which CPU use is measured, and between two tables; 1s by default."`
	NoStream bool     `name:"no-stream" about:"Print one table, and end."`
	Format   string   `name:"format" short:"f" placeholder:"FORMAT" enum:"table,json" default:"table" about:"table, the default, or json."`
	IDs      []string `arg:"" name:"container-id" optional:"" known:"" about:"The ids of containers; without any all that run."`
}

func (c *statsCmd) about() string { return strings.Join(c.IDs, ", ") }

// Help says more.
func (*statsCmd) Help() string {
	return "CPU % is of one CPU. Memory is without what the kernel keeps of files that it could drop at once. " +
		"A container without a cgroup is measured by its processes: memory that they share is counted by shares, " +
		"and it has no limit as a whole."
}

// Run prints what is used, again and again, until all named containers have ended.
func (c *statsCmd) Run(app *App) error {
	app.quiet = true
	interval, err := parseInterval(c.Interval)
	if err != nil {
		return err
	}
	rt, err := app.Runtime()
	if err != nil {
		return err
	}
	m := &meter{rt: rt, named: c.IDs}
	if _, err := m.look(); err != nil {
		return err
	}
	for {
		time.Sleep(interval)
		rows, err := m.look()
		if err != nil {
			return err
		}
		if err := c.print(app.Stdout, rows); err != nil {
			return err
		}
		if c.NoStream || len(c.IDs) > 0 && len(rows) == 0 {
			return nil
		}
	}
}

func (c *statsCmd) print(w io.Writer, rows []usageRow) error {
	if c.Format == "json" {
		return json.NewEncoder(w).Encode(rows)
	}
	table := statsTable(rows)
	if !c.NoStream && isTerminal(w) {
		// Over the one before: from the top left, each line to its end, and what is below is cleared.
		table = "\x1b[H" + strings.ReplaceAll(table, "\n", "\x1b[K\n") + "\x1b[J"
	}
	_, err := io.WriteString(w, table)
	return err
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	_, err := unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS)
	return err == nil
}

// A meter compares what is used with what was used when it looked last.
type meter struct {
	rt     *container.Runtime
	named  []string
	before map[string]container.Usage
}

// look measures all containers. A named one that is not there when it looks first is an error, later it has ended.
func (m *meter) look() ([]usageRow, error) {
	ids := m.named
	if len(ids) == 0 {
		var err error
		if ids, err = m.rt.Live(); err != nil {
			return nil, err
		}
	}
	rows, now := []usageRow{}, map[string]container.Usage{}
	for _, id := range ids {
		u, err := m.rt.Usage(id)
		if container.IsGone(err) && (m.before != nil || len(m.named) == 0) {
			continue
		}
		if err != nil && len(m.named) > 1 {
			err = fmt.Errorf("%s: %w", id, err)
		}
		if err != nil {
			return nil, err
		}
		now[id] = u
		rows = append(rows, rowOf(m.before[id], u))
	}
	m.before = now
	return rows, nil
}
