package host

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/urun/urun/pkg/bus"
	"github.com/urun/urun/pkg/cgroup"
	"github.com/urun/urun/pkg/plan"
)

// Cgroups are the ways to a cgroup, opened. Close them.
type Cgroups struct {
	Facts   plan.Cgroups
	Manager bus.Manager // where Facts.Systemd
	Version int         // the manager's
	OwnDir  string      // the directory of the caller's own cgroup, where Facts.Own is one
	Trouble string      // what made it slow; empty: nothing
	mounts  []cgroup.Mount
}

// patience bounds the looking.
const patience = 5 * time.Second

// FindCgroups looks for the ways to a cgroup of version 2.
func FindCgroups() *Cgroups {
	c := &Cgroups{}
	here, err := cgroup.Here()
	if err != nil || here.Dir == "" {
		why := "no cgroup version 2 is mounted here (" + string(here.Layout) + ")"
		if err != nil {
			why = err.Error()
		}
		c.Facts.NoSystemd, c.Facts.NoOwn = why, why
		return c
	}
	if text, err := os.ReadFile("/proc/self/mountinfo"); err == nil {
		c.mounts = cgroup.ParseMounts(string(text))
	}
	c.own(here)
	if err := c.systemd(); err != nil {
		c.Facts.NoSystemd = err.Error()
	} else {
		c.Facts.Systemd = true
	}
	return c
}

// Close hangs up.
func (c *Cgroups) Close() {
	if c.Manager.Conn != nil {
		_ = c.Manager.Conn.Close()
	}
}

// Dir is the directory of the cgroup at a path in the hierarchy.
func (c *Cgroups) Dir(path string) (string, bool) { return cgroup.Locate(c.mounts, path) }

// own looks at the caller's own cgroup.
func (c *Cgroups) own(here cgroup.Place) {
	sub, err := cgroup.Inspect(here.Dir)
	switch {
	case err != nil:
		c.Facts.NoOwn = err.Error()
	case !sub.Writable:
		c.Facts.NoOwn = "the caller's cgroup " + here.Unified + " belongs to somebody else"
	default:
		c.Facts.Own, c.Facts.OwnControllers, c.OwnDir = here.Unified, sub.Available, here.Dir
	}
}

// systemd connects to the caller's systemd: directly, as systemctl does, or over the session bus, where that is all that can be
// reached. With a bus between each message goes two ways, and a scope takes twice as long.
func (c *Cgroups) systemd() error {
	runtimeDir := os.Getenv("XDG_RUNTIME_DIR")
	if runtimeDir == "" {
		runtimeDir = "/run/user/" + strconv.Itoa(os.Geteuid())
	}
	if _, err := os.Stat(filepath.Join(runtimeDir, "systemd")); err != nil {
		return fmt.Errorf("no systemd runs for this user: %w (log in by ssh or a terminal, or have root do \"loginctl enable-linger\")", err)
	}
	began := time.Now()
	conn, err := bus.Private(runtimeDir, began.Add(patience))
	deadline := time.Now().Add(patience)
	if err != nil {
		var session error
		if conn, session = bus.Session(os.Getenv("DBUS_SESSION_BUS_ADDRESS"), runtimeDir, deadline); session != nil {
			return fmt.Errorf("the user's systemd does not answer: %w; %w", err, session)
		}
		if took := time.Since(began); took >= patience {
			c.Trouble = fmt.Sprintf("systemd did not answer for %v, and was asked over the session bus: %v", took.Round(time.Second), err)
		}
	}
	c.Manager = bus.Manager{Conn: conn}
	root, version, err := c.Manager.About(deadline)
	c.Version = version
	if err != nil {
		return fmt.Errorf("the user's systemd does not answer: %w", err)
	}
	dir, ok := c.Dir(root)
	if !ok {
		return fmt.Errorf("the cgroup %s of the user's systemd cannot be seen here", root)
	}
	sub, err := cgroup.Inspect(dir)
	if err != nil {
		return err
	}
	c.Facts.Controllers = sub.Available
	return nil
}
