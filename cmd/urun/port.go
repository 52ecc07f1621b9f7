package main

import (
	"errors"
	"fmt"
)

type portCmd struct {
	Publish []string `name:"publish" short:"p" sep:"none" placeholder:"[IP:]HOST:CONTAINER[/udp]" about:"Publish one more port or range; may be repeated."`
	Remove  []string `name:"remove" sep:"none" placeholder:"[IP:]HOST:CONTAINER[/udp]" about:"Give up a published port or range; may be repeated."`
	target
}

// Help says more.
func (*portCmd) Help() string {
	return "Without flags the published ports are listed, a line for each: the container's port, and where on the host it is. " +
		"Connections through a port that is given up end."
}

// Run lists the ports, or changes them and lists them then.
func (c *portCmd) Run(app *App) error {
	if len(c.Publish) > 0 && len(c.Remove) > 0 {
		return errors.New("-p and --remove exclude each other")
	}
	rt, err := app.Runtime()
	if err != nil {
		return err
	}
	ports, err := rt.ChangePorts(c.ID, c.Publish, c.Remove)
	if err != nil {
		return err
	}
	for _, p := range ports {
		if _, err := fmt.Fprintf(app.Stdout, "%d/%s -> %s\n", p.ContainerPort, p.Proto, p.Listens()); err != nil {
			return err
		}
	}
	return nil
}
