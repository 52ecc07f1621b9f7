package main

import "github.com/urun/urun/pkg/container"

type killCmd struct {
	All bool `name:"all" short:"a" about:"Signal every process of the container; a stopped one is no error."`
	target
	Signal string `arg:"" name:"signal" optional:"" default:"SIGTERM" about:"A number or a name: 9, KILL, SIGKILL, SIGRTMIN+3; by default TERM."`
}

// Help says more.
func (*killCmd) Help() string {
	return "The first process of a pid namespace gets only signals for which it has a handler, see pid_namespaces(7); " +
		"KILL, and `urun delete --force`, end any."
}

// Run sends the signal.
func (c *killCmd) Run(app *App) error {
	sig, err := parseSignal(c.Signal)
	if err != nil {
		return container.WithHint(err, "a number, or a name as in signal(7): TERM, KILL, USR1, RTMIN+3")
	}
	rt, err := app.Runtime()
	if err != nil {
		return err
	}
	return rt.Kill(c.ID, sig, c.All)
}
