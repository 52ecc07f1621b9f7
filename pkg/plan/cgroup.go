package plan

import (
	"fmt"
	"slices"
	"strings"

	specs "github.com/opencontainers/runtime-spec/specs-go"

	"github.com/urun/urun/pkg/cgroup"
)

// Cgroups says how the caller can have cgroups (version 2). It is looked for only when something asks for one.
type Cgroups struct {
	// Systemd: the caller's systemd can be asked for a scope, to which it hands on the Controllers. Else NoSystemd says why not.
	Systemd     bool
	NoSystemd   string
	Controllers []string

	// Own is the path of the caller's own cgroup in the hierarchy, if cgroups can be made in it, with the OwnControllers. If it is
	// empty NoOwn says why they cannot.
	Own            string
	NoOwn          string
	OwnControllers []string
}

// The ways to a cgroup.
const (
	BySystemd  = "systemd"  // a scope of the caller's systemd
	ByCgroupfs = "cgroupfs" // a directory in the caller's own cgroup
	NoCgroup   = "disabled"
)

// Cgroup is what the container is to get for a cgroup.
type Cgroup struct {
	Manager    string            // BySystemd or ByCgroupfs
	Unit       cgroup.Unit       // of BySystemd
	Path       string            // of ByCgroupfs, below the caller's own
	Settings   []cgroup.Setting  // limits whose controller can be had
	Properties []cgroup.Property // that the annotations ask for
}

func (g *Cgroup) String() string {
	where := g.Path
	if g.Manager == BySystemd {
		where = g.Unit.Name + " in " + g.Unit.Slice
	}
	text := []string{"by " + g.Manager + ": " + where}
	for _, s := range g.Settings {
		text = append(text, s.String())
	}
	return strings.Join(text, ", ")
}

// WantsCgroup says whether anything asks for a cgroup: without that a container stays in its caller's.
func WantsCgroup(spec *specs.Spec, manager string) bool {
	if manager == BySystemd || manager == ByCgroupfs {
		return true
	}
	for name := range spec.Annotations {
		if strings.HasPrefix(name, cgroup.Prefix) {
			return true
		}
	}
	return spec.Linux != nil && (spec.Linux.CgroupsPath != "" || limited(spec.Linux.Resources))
}

// limited says whether there is any limit. Rules about devices are met without a cgroup: an ordinary user can make no device
// node, and only those that are bound into the container can be opened.
func limited(r *specs.LinuxResources) bool {
	return r != nil && (r.Memory != nil || r.CPU != nil || r.Pids != nil || r.BlockIO != nil || r.Network != nil ||
		len(r.HugepageLimits) > 0 || len(r.Rdma) > 0 || len(r.Unified) > 0)
}

// place settles where the container's cgroup is, if it has one, and which of its limits hold there.
func (c *compiler) place() error {
	if !WantsCgroup(c.spec, c.opt.CgroupManager) {
		return nil
	}
	settings, err := c.limits()
	if err != nil {
		return err
	}
	properties, err := cgroup.Annotations(c.spec.Annotations)
	if err != nil {
		return err
	}
	g := &Cgroup{Properties: properties}
	controllers, why, err := c.manager(g)
	if err != nil {
		return err
	}
	if g.Manager == NoCgroup {
		c.withoutCgroup(settings, why)
		return nil
	}
	for _, s := range settings {
		if s.Controller == "" || slices.Contains(controllers, s.Controller) {
			g.Settings = append(g.Settings, s)
		} else {
			c.instead(s, "the controller "+s.Controller+" is not delegated to the caller", cgroup.DropInFor(s.Controller, settings, controllers))
		}
	}
	c.watchKills(g)
	c.plan.Cgroup, c.plan.Enter = g, true
	return nil
}

func (c *compiler) limits() ([]cgroup.Setting, error) {
	if !limited(c.spec.Linux.Resources) {
		return nil, nil
	}
	r := *c.spec.Linux.Resources
	r.Devices = nil
	settings, notices, err := cgroup.Settings(&r)
	for _, n := range notices {
		c.note(Notice(n))
	}
	return settings, err
}

// manager chooses the way to a cgroup: the one that the caller asks for, else the first that there is and that fits the form of
// linux.cgroupsPath. why is the reason for there being none.
func (c *compiler) manager(g *Cgroup) (controllers []string, why string, err error) {
	path, h := c.spec.Linux.CgroupsPath, c.host.Cgroups
	unit, unitErr := cgroup.ParseUnit(path, c.opt.ID)
	if !cgroup.IsUnit(path) && path != "" {
		unit, unitErr = cgroup.ParseUnit("", c.opt.ID)
	}
	rel, relErr := cgroup.Resolve(path, h.Own, c.opt.ID)
	if cgroup.IsUnit(path) {
		rel, relErr = cgroup.Resolve("", h.Own, c.opt.ID)
	}
	systemd := func() ([]string, string, error) {
		g.Manager, g.Unit = BySystemd, unit
		return h.Controllers, "", unitErr
	}
	own := func() ([]string, string, error) {
		g.Manager, g.Path = ByCgroupfs, rel
		return h.OwnControllers, "", relErr
	}
	byPath := path != "" && !cgroup.IsUnit(path)
	switch m := c.opt.CgroupManager; {
	case m == NoCgroup:
		g.Manager = NoCgroup
		return nil, "--cgroup-manager disabled", nil
	case m == BySystemd && !h.Systemd:
		return nil, "", fmt.Errorf("a cgroup by systemd was asked for: %s", h.NoSystemd)
	case m == ByCgroupfs && h.Own == "":
		return nil, "", fmt.Errorf("a cgroup by cgroupfs was asked for: %s", h.NoOwn)
	case m == BySystemd && byPath:
		return nil, "", fmt.Errorf("linux.cgroupsPath: %q is not what systemd takes, slice:prefix:name", path)
	case m == ByCgroupfs && cgroup.IsUnit(path):
		return nil, "", fmt.Errorf("linux.cgroupsPath: %q is for systemd; a path is needed", path)
	case m == BySystemd:
		return systemd()
	case m == ByCgroupfs:
		return own()
	case byPath && h.Own != "" && relErr == nil:
		return own()
	case h.Systemd:
		if byPath {
			c.note(Notice{
				Code: "URUN-CG-001", Want: "linux.cgroupsPath " + path, Got: "a scope " + unit.Name + " of the caller's systemd",
				Why: "the caller may make no cgroup there",
			})
		}
		return systemd()
	case h.Own != "" && !byPath:
		return own()
	}
	g.Manager = NoCgroup
	if h.NoSystemd == h.NoOwn {
		return nil, h.NoOwn, nil
	}
	return nil, h.NoSystemd + "; " + h.NoOwn, nil
}

// withoutCgroup tells what becomes of a container that gets none.
func (c *compiler) withoutCgroup(settings []cgroup.Setting, why string) {
	if p := c.spec.Linux.CgroupsPath; p != "" {
		c.note(Notice{Code: "URUN-CG-001", Want: "linux.cgroupsPath " + p, Got: "the container stays in the caller's cgroup", Why: why})
	}
	for _, s := range settings {
		c.instead(s, why, "")
	}
}

// told says whether there is a notice already about what the setting is for: some limits are written into two files.
func (c *compiler) told(s cgroup.Setting) bool {
	return slices.ContainsFunc(c.plan.Notices, func(n Notice) bool {
		return n.Code == "URUN-CG-003" && strings.HasPrefix(n.Want, s.Path+" (")
	})
}

// instead does for a limit what can be done without its controller.
func (c *compiler) instead(s cgroup.Setting, why, fix string) {
	n := Notice{Code: "URUN-CG-003", Want: s.Path + " (" + s.String() + ")", Got: "no limit", Why: why, Fix: fix}
	if s.Lifts() || c.told(s) {
		return
	}
	switch s.File {
	case "pids.max":
		if limit, ok := c.limitProcesses(s.Value); ok {
			n.Got = fmt.Sprintf("RLIMIT_NPROC %d: so many processes for each user of the container", limit)
		}
	case "memory.max":
		if limit, ok := c.limitData(s.Value); ok {
			n.Got = fmt.Sprintf("RLIMIT_DATA %d: so much data for each process by itself", limit)
			c.watchMemory(s.Value, &n)
		}
	case "cpu.weight":
		if nice, ok := c.nice(); ok {
			n.Got = fmt.Sprintf("nice %d", nice)
		}
	case "cpuset.cpus":
		if c.pin(s) {
			n.Got = "its processes start on these CPUs, and may change that"
		}
	}
	c.note(n)
}
