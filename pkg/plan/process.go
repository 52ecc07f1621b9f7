package plan

import (
	"fmt"
	"slices"
	"strings"

	specs "github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/step"
)

// session emits the new session and the terminal.
func (c *compiler) session() error {
	p := c.spec.Process
	c.plan.Birth.Terminal = p.Terminal
	c.add(step.Session{})
	if p.Terminal {
		con := consoleOf(p, c.opt.Rows, c.opt.Cols)
		con.InRoot, con.Device = true, true
		c.add(con)
		return nil
	}
	c.handover(p.User)
	return nil
}

func consoleOf(p *specs.Process, rows, cols uint16) step.Console {
	con := step.Console{UID: p.User.UID, GID: p.User.GID, Rows: rows, Cols: cols}
	if p.ConsoleSize != nil {
		con.Rows, con.Cols = uint16(p.ConsoleSize.Height), uint16(p.ConsoleSize.Width)
	}
	return con
}

// handover gives the caller's pipes to a user of the container who is not its root; one that cannot be had is left.
func (c *compiler) handover(u specs.User) {
	if u.UID == 0 {
		return
	}
	for fd, pipe := range c.host.PipeStdio {
		if pipe {
			c.add(step.Optional{Step: step.Handover{FD: fd, UID: u.UID, GID: u.GID}, On: anyErrno})
		}
	}
}

// hookKinds are the hooks of the spec, in the order in which they are run.
var hookKinds = [...]struct {
	name string
	list func(*specs.Hooks) []specs.Hook
}{
	//lint:ignore SA1019 deprecated by the spec, and still to be run
	{"prestart", func(h *specs.Hooks) []specs.Hook { return h.Prestart }},
	{"createRuntime", func(h *specs.Hooks) []specs.Hook { return h.CreateRuntime }},
	{"createContainer", func(h *specs.Hooks) []specs.Hook { return h.CreateContainer }},
	{"startContainer", func(h *specs.Hooks) []specs.Hook { return h.StartContainer }},
	{"poststart", func(h *specs.Hooks) []specs.Hook { return h.Poststart }},
	{"poststop", func(h *specs.Hooks) []specs.Hook { return h.Poststop }},
}

// HookNames lists the kinds of hooks that urun runs, for the features document.
func HookNames() []string {
	list := make([]string, len(hookKinds))
	for i, k := range hookKinds {
		list[i] = k.name
	}
	return list
}

// hooks emits the call-outs between the container's world being made and its being entered.
func (c *compiler) hooks() error {
	h := c.spec.Hooks
	if h == nil {
		return nil
	}
	for i := range hookKinds {
		kind := &hookKinds[i]
		for i, hook := range kind.list(h) {
			at := fmt.Sprintf("hooks.%s[%d]", kind.name, i)
			if err := checkPath(at+".path", hook.Path); err != nil {
				return err
			}
			if err := checkEnv(at+".env", hook.Env); err != nil {
				return err
			}
			if hook.Timeout != nil && *hook.Timeout <= 0 {
				return fmt.Errorf("%s.timeout: %d is not a positive number of seconds", at, *hook.Timeout)
			}
		}
	}
	//lint:ignore SA1019 as above
	c.callOuts("prestart", h.Prestart, 0)
	c.callOuts("createRuntime", h.CreateRuntime, 0)
	c.callOuts("createContainer", h.CreateContainer, 0)
	return nil
}

// callOuts emits the call-outs for hooks. show: namespaces that a process shows which is not to be entered by other means.
func (c *compiler) callOuts(kind string, hooks []specs.Hook, show uint64) {
	for _, h := range hooks {
		c.add(step.CallOut{Number: len(c.plan.CallOuts), Name: kind + " hook " + h.Path, Show: show})
		c.plan.CallOuts = append(c.plan.CallOuts, CallOut{kind, h})
	}
}

// seal emits what closes the container's tree: read-only root, masked and read-only paths, and the way in.
func (c *compiler) seal() error {
	_, propagation, err := rootPropagation(c.spec.Linux.RootfsPropagation)
	if err != nil {
		return err
	}
	for i, p := range c.spec.Linux.MaskedPaths {
		if err := checkBelowRoot(fmt.Sprintf("linux.maskedPaths[%d]", i), p); err != nil {
			return err
		}
		c.add(step.Mask{Path: p})
	}
	for i, p := range c.spec.Linux.ReadonlyPaths {
		if err := checkBelowRoot(fmt.Sprintf("linux.readonlyPaths[%d]", i), p); err != nil {
			return err
		}
		c.add(step.Readonly{Path: p})
	}
	if c.spec.Root.Readonly {
		c.add(step.RootAttr{Set: unix.MOUNT_ATTR_RDONLY})
	}
	if c.opt.NoPivot {
		c.add(step.Chroot{})
	} else {
		c.add(step.Pivot{})
	}
	if propagation != 0 {
		c.add(step.RootAttr{Propagation: propagation})
	}
	return nil
}

// ready emits the end of the setting up: from here on the parent knows that the container can start.
func (c *compiler) ready() error {
	p := c.spec.Process
	c.add(step.Cwd{Path: p.Cwd})
	attributes, err := c.attributes(p, c.spec.Linux.Personality, c.spec.Linux.MemoryPolicy)
	if err != nil {
		return err
	}
	attributes, few := fewFiles(attributes)
	c.add(attributes...)
	c.add(c.substitutes...)
	if _, _, err := affinity(p.ExecCPUAffinity); err != nil { // it is for exec, and should not wait until then to be found wrong
		return err
	}
	c.add(step.Find{Name: p.Args[0], Files: step.Candidates(p.Args[0], p.Env)}, step.Keep{},
		step.Undumpable{})
	if c.opt.Wait {
		c.add(step.Forget{})
	}
	c.add(step.Ready{})
	if c.opt.Wait {
		c.add(step.Listen{Namespaces: c.plan.Birth.Own})
	}
	if h := c.spec.Hooks; h != nil && len(h.StartContainer) > 0 {
		c.callOuts("startContainer", h.StartContainer, c.plan.Birth.Own)
	}
	c.add(few...)
	return nil
}

// identity emits the last steps, after which the process is the container's own.
func (c *compiler) identity() error {
	sets := parseCaps(c.spec.Process, c.host.LastCap, c.note)
	return c.become(c.spec.Process, sets, c.plan.Birth.SetGroups, c.spec.Linux.Seccomp)
}

// become emits the steps from root of the container to the user's command.
func (c *compiler) become(p *specs.Process, sets capSets, setGroups bool, seccomp *specs.LinuxSeccomp) error {
	filter, err := c.filter(seccomp)
	if err != nil {
		return err
	}
	groups := p.User.AdditionalGids
	if !setGroups {
		groups = nil
	}
	c.add(
		step.Bounding{Keep: sets.bounding, Last: c.host.LastCap},
		step.User{UID: p.User.UID, GID: p.User.GID, Groups: groups, SetGroups: setGroups},
		step.Umask{Mask: umaskOf(p)},
		step.Inheritance{Preserve: c.opt.PreserveFDs, Ignored: c.host.Ignored},
	)
	caps := step.Caps{Effective: sets.effective, Permitted: sets.permitted, Inheritable: sets.inheritable, Ambient: sets.ambient}
	c.confine(caps, p.NoNewPrivileges, filter)
	c.add(step.Exec{
		Files: step.Candidates(p.Args[0], p.Env), Args: p.Args, Env: environment(slices.Concat(p.Env, c.env), c.opt.Home),
	})
	return nil
}

func umaskOf(p *specs.Process) uint32 {
	if p.User.Umask != nil {
		return *p.User.Umask & 0o777
	}
	return 0o022
}

// environment lets the last value of a variable win, as a shell would, and adds HOME where the config has none: shells and
// many programs want it.
func environment(env []string, home string) []string {
	list, at := make([]string, 0, len(env)+1), len(env)
	given := make(map[string]bool, len(env))
	list = list[:at]
	for _, e := range slices.Backward(env) {
		if name, _, _ := strings.Cut(e, "="); !given[name] {
			given[name] = true
			at--
			list[at] = e
		}
	}
	list = list[at:]
	if home != "" && !given["HOME"] {
		list = append(list, "HOME="+home)
	}
	return list
}
