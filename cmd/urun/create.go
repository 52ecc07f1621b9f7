package main

import (
	"fmt"

	"github.com/urun/urun/pkg/bundle"
	"github.com/urun/urun/pkg/container"
)

// A target is the container that a command is about.
type target struct {
	ID string `arg:"" name:"container-id" known:"" about:"The id of a container."`
}

func (t *target) about() string { return t.ID }

// A newborn is the container that a command makes.
type newborn struct {
	ID string `arg:"" name:"container-id" about:"The id that the container will have, of letters, digits and the signs _ + - and the full stop."`
}

func (n *newborn) about() string { return n.ID }

// bundleFlag says where the bundle is.
type bundleFlag struct {
	Bundle string `name:"bundle" short:"b" placeholder:"DIR" about:"The bundle; by default the working directory or, if there is no config.json in it, the directory in it that is named like the container."`
}

// find is the absolute path of the bundle; a bundle that was found by its name is said to have been.
func (f *bundleFlag) find(app *App, id string) (string, error) {
	dir, note, err := bundle.Find(f.Bundle, id)
	if err != nil {
		return "", err
	}
	if note != "" {
		app.warn(note)
	}
	return dir, nil
}

// createFlags are the flags that create and run share.
type createFlags struct {
	bundleFlag
	ConsoleSocket string `name:"console-socket" placeholder:"PATH" about:"Unix socket that receives the master end of the container's terminal."`
	PidfdSocket   string `name:"pidfd-socket" placeholder:"PATH" about:"Unix socket that receives a pidfd of the container's process."`
	PidFile       string `name:"pid-file" placeholder:"FILE" about:"Write the pid of the container's process to FILE."`
	NoPivot       bool   `name:"no-pivot" about:"Use chroot instead of pivot_root. It is weaker: only for a root on a ramdisk."`
	NoNewKeyring  bool   `name:"no-new-keyring" about:"Keep the caller's session keyring."`
	KeepGroups    bool   `name:"keep-groups" about:"Keep your supplementary groups: what is open to them stays so in the container."`
	networkFlags
	PreserveFDs int `name:"preserve-fds" placeholder:"N" about:"Hand N more descriptors to the container, 3 and up."`
}

// options turns the flags into what package container understands.
func (f *createFlags) options(app *App, id string) (container.CreateOptions, error) {
	o := container.CreateOptions{
		NoPivot:      f.NoPivot,
		NoNewKeyring: f.NoNewKeyring,
		PreserveFDs:  f.PreserveFDs,
		KeepGroups:   f.KeepGroups,
		Network:      f.network(),
	}
	o.Activation = container.Activation()
	if f.PreserveFDs < 0 {
		return o, fmt.Errorf("--preserve-fds: %d is negative", f.PreserveFDs)
	}
	var err error
	if o.Bundle, err = f.find(app, id); err != nil {
		return o, err
	}
	o.ConsoleSocket, o.PidfdSocket, o.PidFile, err = absolute(f.ConsoleSocket, f.PidfdSocket, f.PidFile)
	return o, err
}

// absolute makes three paths independent of the working directory; an empty one stays empty.
func absolute(a, b, c string) (string, string, string, error) {
	for _, p := range []*string{&a, &b, &c} {
		if *p == "" {
			continue
		}
		abs, err := absolutePath(*p)
		if err != nil {
			return "", "", "", err
		}
		*p = abs
	}
	return a, b, c, nil
}

type createCmd struct {
	createFlags
	newborn
}

// Help says more.
func (*createCmd) Help() string {
	return "The container's namespaces, mounts and hooks are made, and its process waits. " +
		"`urun start` lets it begin, `urun delete --force` gives it up."
}

// Run creates the container.
func (c *createCmd) Run(app *App) error {
	o, err := c.options(app, c.ID)
	if err != nil {
		return err
	}
	app.creates = true
	rt, err := app.Runtime()
	if err != nil {
		return err
	}
	return rt.Create(c.ID, o)
}
