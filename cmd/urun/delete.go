package main

type deleteCmd struct {
	Force bool `name:"force" short:"f" about:"Kill it first if it runs; no error if there is no such container."`
	target
}

// Run deletes the container.
func (c *deleteCmd) Run(app *App) error {
	rt, err := app.Runtime()
	if err != nil {
		return err
	}
	return rt.Delete(c.ID, c.Force)
}
