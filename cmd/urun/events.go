package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/urun/urun/pkg/cgroup"
)

type eventsCmd struct {
	Interval string `name:"interval" placeholder:"TIME" default:"5s" about:"Time between two lines, such as 500ms or 1m; 5s by default."`
	Stats    bool   `name:"stats" about:"Print one line, and end."`
	target
}

// Run prints events, one line of JSON for each, until the container ends.
func (c *eventsCmd) Run(app *App) error {
	app.quiet = true
	interval, err := parseInterval(c.Interval)
	if err != nil {
		return err
	}
	rt, err := app.Runtime()
	if err != nil {
		return err
	}
	if c.Stats {
		interval = 0
	}
	lines := json.NewEncoder(app.Stdout)
	return rt.Events(c.ID, interval, func(e cgroup.Event) error { return lines.Encode(e) })
}

// parseInterval reads a time above zero. A bare number is one of seconds, as with youki.
func parseInterval(text string) (time.Duration, error) {
	d, err := time.ParseDuration(text)
	if err != nil {
		d, err = time.ParseDuration(text + "s")
	}
	if err != nil {
		return 0, fmt.Errorf("--interval %q: is no time such as 5s or 500ms", text)
	}
	if d <= 0 {
		return 0, errors.New("--interval: duration interval must be greater than 0")
	}
	return d, nil
}
