package main

type stateCmd struct{ target }

// Run prints the state as runc does: two spaces, and no newline at the end.
func (c *stateCmd) Run(app *App) error {
	app.quiet = true
	rt, err := app.Runtime()
	if err != nil {
		return err
	}
	status, err := rt.State(c.ID)
	if err != nil {
		return err
	}
	data, err := status.JSON()
	if err != nil {
		return err
	}
	_, err = app.Stdout.Write(data)
	return err
}
