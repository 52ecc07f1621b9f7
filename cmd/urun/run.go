package main

import (
	"github.com/urun/urun/pkg/container"
)

type runCmd struct {
	createFlags
	Detach      bool `name:"detach" short:"d" about:"Return once the process runs, instead of waiting for its end."`
	Keep        bool `name:"keep" about:"Do not delete the container when its process has ended."`
	NoSubreaper bool `name:"no-subreaper" about:"Do not adopt the orphans of the container."`
	DryRun      bool `name:"dry-run" about:"Print what would be done, and do nothing."`
	newborn
}

// Help says more.
func (*runCmd) Help() string {
	return "Signals go to the container's process, and its exit code is that of urun; " +
		"128 and the number of the signal if one ended it, or 1 if it could not be run."
}

// Run runs the container.
func (c *runCmd) Run(app *App) error {
	if c.DryRun {
		p := planCmd{bundleFlag: c.bundleFlag, ID: c.ID, create: c.createFlags}
		return p.Run(app)
	}
	o, err := c.options(app, c.ID)
	if err != nil {
		return err
	}
	app.creates = true
	rt, err := app.Runtime()
	if err != nil {
		return err
	}
	app.code, err = rt.Run(c.ID, container.RunOptions{
		CreateOptions: o,
		Detach:        c.Detach,
		Keep:          c.Keep,
		NoSubreaper:   c.NoSubreaper,
	})
	return err
}
