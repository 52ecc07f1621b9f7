package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/urun/urun/pkg/state"
)

type planCmd struct {
	bundleFlag
	Syscalls bool   `name:"syscalls" about:"Print the system calls that the container's process will make."`
	JSON     bool   `name:"json" about:"Print the plan as JSON."`
	ID       string `arg:"" name:"container-id" optional:"" about:"The id that the container would have; by default the name of the bundle."`

	// What run --dry-run adds.
	create createFlags
}

func (c *planCmd) about() string { return c.ID }

// Help says more.
func (*planCmd) Help() string {
	return "The plan lists how the process is born and every step it then takes. " +
		"What the config asks and this host cannot give stands on top, with the reason. " +
		"`urun run --dry-run` prints it for a line with flags of run."
}

// Run prints the plan.
func (c *planCmd) Run(app *App) error {
	if c.Syscalls && c.JSON {
		return errors.New("--syscalls and --json exclude each other")
	}
	c.create.bundleFlag = c.bundleFlag
	o, err := c.create.options(app, c.ID)
	if err != nil {
		return err
	}
	id := c.ID
	if id == "" {
		if id = filepath.Base(o.Bundle); state.ValidID(id) != nil {
			id = "container"
		}
	}
	p, err := app.runtime("").Compile(id, o)
	if err != nil {
		return err
	}
	text := ""
	switch {
	case c.JSON:
		e := json.NewEncoder(app.Stdout)
		e.SetIndent("", "  ")
		return e.Encode(p)
	case c.Syscalls:
		text = p.Syscalls()
	default:
		text = p.String()
	}
	_, err = fmt.Fprintln(app.Stdout, strings.TrimRight(text, "\n"))
	return err
}
