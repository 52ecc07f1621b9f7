package main

import (
	"fmt"

	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/bundle"
	"github.com/urun/urun/pkg/host"
	"github.com/urun/urun/pkg/idmap"
	"github.com/urun/urun/pkg/network"
	"github.com/urun/urun/pkg/plan"
	"github.com/urun/urun/pkg/userns"
)

type specCmd struct {
	Bundle    string `name:"bundle" short:"b" placeholder:"DIR" default:"." about:"The directory to write to; by default the working directory."`
	NoSeccomp bool   `name:"no-seccomp" about:"Leave the default filter of system calls out."`
	networkFlags
}

// Help says more.
func (*specCmd) Help() string {
	return "The config is for a user without root: every id that you own is mapped, and every mount in it works. " +
		"A config.json that is there already is not overwritten. With --net or -p the bundle carries its own network."
}

// Run writes config.json.
func (c *specCmd) Run(app *App) error {
	dir, err := absolutePath(c.Bundle)
	if err != nil {
		return err
	}
	h, err := host.Detect()
	if err != nil {
		return err
	}
	host.SubIDs(&h)
	uids, gids := fullMaps(h)
	if why := oneIDOnly(h); why != "" {
		uids, gids = idmap.One(0, h.UID), idmap.One(0, h.GID)
		app.warn(why)
	}
	spec, err := bundle.Template(uids, gids, bundle.TemplateOptions{
		Terminal:    true,
		NetworkNS:   (c.Net != "" || len(c.Publish) > 0) && c.Net != network.Host,
		CgroupMount: h.CgroupV2,
		Unfiltered:  c.NoSeccomp,
		MaxFiles:    maxFiles(),
	})
	if err != nil {
		return fmt.Errorf("the default seccomp filter: %w; leave it out with --no-seccomp", err)
	}
	c.network().Annotate(spec)
	if _, err := network.Parse(spec.Annotations); err != nil {
		return err
	}
	return bundle.WriteConfig(dir, spec)
}

// maxFiles is how many open files the caller may have at most; 0 if that cannot be said.
func maxFiles() uint64 {
	var limit unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_NOFILE, &limit) != nil {
		return 0
	}
	return limit.Max
}

// fullMaps maps every id that the caller owns.
func fullMaps(h plan.Host) (uids, gids idmap.Map) {
	return idmap.Full(h.UID, h.SubUIDs), idmap.Full(h.GID, h.SubGIDs)
}

// oneIDOnly says why the caller can map no id but its own, and what would change that; "" if it can.
func oneIDOnly(h plan.Host) string {
	var err error
	switch {
	case len(h.SubUIDs) == 0 || len(h.SubGIDs) == 0:
		err = &idmap.NotOwnedError{}
	case h.HelperTrouble != "" && !h.SetIDs:
		err = &userns.HelperError{}
	default:
		return ""
	}
	why := "one id is mapped, yours, so every file in the container belongs to one user"
	cause := host.Explain("", err)
	if cause.Why != "" {
		why += ": " + cause.Why
	}
	if cause.Fix != "" {
		why += "; for more: " + oneLine(cause.Fix)
	}
	return why
}
