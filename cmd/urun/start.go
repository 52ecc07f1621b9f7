package main

type startCmd struct{ target }

// Run starts the container.
func (c *startCmd) Run(app *App) error {
	rt, err := app.Runtime()
	if err != nil {
		return err
	}
	return rt.Start(c.ID)
}
