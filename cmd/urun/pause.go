package main

type pauseCmd struct{ target }

// Run pauses the container.
func (c *pauseCmd) Run(app *App) error {
	rt, err := app.Runtime()
	if err != nil {
		return err
	}
	return rt.Pause(c.ID)
}

type resumeCmd struct{ target }

// Run resumes the container.
func (c *resumeCmd) Run(app *App) error {
	rt, err := app.Runtime()
	if err != nil {
		return err
	}
	return rt.Resume(c.ID)
}
