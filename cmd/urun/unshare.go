package main

import (
	"cmp"
	"os"

	"github.com/urun/urun/pkg/container"
)

type unshareCmd struct {
	Args []string `arg:"" name:"command" optional:"" verbatim:"" about:"The command and its arguments; a shell by default."`
}

// Help says more.
func (*unshareCmd) Help() string {
	return "Files that a container made may belong to your subordinate ids, and rm cannot remove them. " +
		"`urun unshare rm -r rootfs` can: it is root of all your ids. The exit code is that of the command."
}

// Run runs the command.
func (c *unshareCmd) Run(app *App) (err error) {
	args := c.Args
	if len(args) == 0 {
		args = []string{cmp.Or(os.Getenv("SHELL"), "/bin/sh")}
	}
	app.code, err = container.Unshare(args)
	return err
}
