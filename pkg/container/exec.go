package container

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	specs "github.com/opencontainers/runtime-spec/specs-go"
	"github.com/urun/urun/pkg/bundle"
	"github.com/urun/urun/pkg/plan"
	"github.com/urun/urun/pkg/sandbox"
)

// Exec runs one more process in the container id. The exit code is the process's, unless it is detached.
func (r *Runtime) Exec(id string, o ExecOptions) (int, error) {
	in, err := r.tenant(id, o.IgnorePaused)
	if err != nil {
		return 255, err
	}
	defer in.close()
	p, err := execProcess(in.spec.Process, o)
	if err != nil {
		return 255, err
	}
	if err := checkConsole(p.Terminal, o.Detach, o.ConsoleSocket); err != nil {
		return 255, err
	}
	if err := checkPreserved(o.PreserveFDs, 0); err != nil {
		return 255, err
	}
	to := targetOf(in.rec, in.spec)
	to.Waits = in.shown != nil
	if to.Instead, err = instead(in.rec, in.spec); err != nil {
		return 255, err
	}
	if to.KeepGroups && len(o.AdditionalGids) > 0 {
		return 255, errors.New("--additional-gids: the container keeps the groups of its caller (" + plan.KeepGroups +
			"), and adding one would take them all away")
	}
	h, err := detect(p)
	if err != nil {
		return 255, err
	}
	opt := plan.Options{ID: id, Filter: in.filter, PreserveFDs: o.PreserveFDs, Home: home(in.rec.Bundle, in.rec.Rootfs, p.User.UID)}
	if o.ConsoleSocket == "" {
		opt.Rows, opt.Cols = windowSize(h)
		opt.Wait = p.Terminal // or it prints to a terminal that is not as it should be yet
	}
	pl, err := plan.CompileExec(p, to, h, opt)
	if err != nil {
		return 255, err
	}
	for _, n := range pl.Notices { // the container's own were told of when it was made
		r.Debug(n.String())
	}
	return r.exec(pl, in, o)
}

// exec starts the planned process in the container and attends it.
func (r *Runtime) exec(pl plan.Plan, in *tenant, o ExecOptions) (int, error) {
	sub, err := subCgroup(in.rec, o.Cgroup)
	if err != nil {
		return 255, err
	}
	inputs := in.inputs()
	term, err := openTerminal(pl.Birth.Terminal, o.ConsoleSocket)
	if err != nil {
		return 255, err
	}
	defer term.Close()
	for name, fd := range term.inputs() {
		inputs[name] = fd
	}
	var fwd *forwarder
	if !o.Detach { // before the process is born: it does not wait for anybody
		if fwd, err = forward(); err != nil {
			return 255, err
		}
	}
	c, err := in.settle(pl, sandbox.Options{
		Inputs: inputs, Preserve: o.PreserveFDs, Noted: func(int) {}, Enter: func(pid int) error { return in.enter(sub, pid, fwd) },
		Listener: func(fd int, c *sandbox.Child) error {
			return inform(in.spec.Linux.Seccomp, in.rec, statusRunning, c.Pid, c.PidFD, fd)
		},
	})
	if err == nil {
		defer c.Close()
		fwd.retarget(c.PidFD)
		err = announce(c, term, o)
	}
	if err = fwd.interrupted("the process", err); err != nil {
		if c != nil {
			c.Kill()
		}
		return 255, explain(err)
	}
	if o.Detach {
		return 0, nil
	}
	fwd.begin()
	term.relay(fwd)
	fwd.until(c.PidFD)
	status := c.Wait()
	term.drain()
	return fwd.exitCode(status), nil
}

// announce lets the process begin, where it waits for its terminal, and tells those who asked for its pid.
func announce(c *sandbox.Child, term *terminal, o ExecOptions) error {
	err := term.receive()
	if err == nil && term.master != nil {
		if err = c.Consent(); err == nil {
			err = c.Started()
		}
	}
	if err == nil {
		err = sendPidfd(o.PidfdSocket, c.PidFD)
	}
	if err == nil {
		err = writePid(o.PidFile, c.Pid)
	}
	return err
}

// execProcess is the process that exec asks for: the file of --process as it is, or the container's own process with what
// the flags say changed.
func execProcess(base *specs.Process, o ExecOptions) (*specs.Process, error) {
	if o.ProcessFile != "" {
		p, err := readProcess(o.ProcessFile, o.TTY)
		if err == nil {
			inherit(p, base)
		}
		return p, err
	}
	p := *base
	p.Args, p.Terminal, p.ConsoleSize = o.Args, o.TTY, nil
	p.Env = append(p.Env[:len(p.Env):len(p.Env)], o.Env...)
	p.ApparmorProfile = cmp.Or(o.Apparmor, p.ApparmorProfile)
	p.SelinuxLabel = cmp.Or(o.ProcessLabel, p.SelinuxLabel)
	if o.Cwd != "" {
		p.Cwd = o.Cwd
	}
	if o.NoNewPrivs != nil {
		p.NoNewPrivileges = *o.NoNewPrivs
	}
	if o.User != "" {
		u, err := parseUser(o.User)
		if err != nil {
			return nil, err
		}
		u.Umask = p.User.Umask
		p.User = u
	}
	p.User.AdditionalGids = append(p.User.AdditionalGids[:len(p.User.AdditionalGids):len(p.User.AdditionalGids)], o.AdditionalGids...)
	for _, name := range o.Caps { // one in a config may come from a program that knows newer ones; here somebody has typed it
		if !slices.Contains(plan.CapNames(), name) {
			return nil, fmt.Errorf("--cap %q: unknown capability; they are called CAP_CHOWN, CAP_KILL and so on (capabilities(7))", name)
		}
	}
	p.Capabilities = withCaps(p.Capabilities, o.Caps)
	return &p, nil
}

func readProcess(file string, tty bool) (*specs.Process, error) {
	p, err := bundle.LoadProcess(file)
	if err != nil {
		return nil, fmt.Errorf("--process: %w", err)
	}
	p.Terminal = p.Terminal || tty
	return p, nil
}

// withCaps adds capabilities to the sets that matter to root; inheritable stays as it is (CVE-2022-29162).
func withCaps(base *specs.LinuxCapabilities, add []string) *specs.LinuxCapabilities {
	if len(add) == 0 {
		return base
	}
	caps := specs.LinuxCapabilities{}
	if base != nil {
		caps = *base
	}
	for _, set := range []*[]string{&caps.Bounding, &caps.Effective, &caps.Permitted} {
		*set = append((*set)[:len(*set):len(*set)], add...)
	}
	return &caps
}

// parseUser reads UID[:GID]. Nothing is guessed: a wrong reading could mean root (CVE-2026-30892).
func parseUser(text string) (specs.User, error) {
	uid, gid, both := strings.Cut(text, ":")
	u, err := parseID(uid)
	if err != nil {
		return specs.User{}, fmt.Errorf("--user %q: want UID[:GID] in decimal digits: %w", text, err)
	}
	if !both {
		return specs.User{UID: u}, nil
	}
	g, err := parseID(gid)
	if err != nil {
		return specs.User{}, fmt.Errorf("--user %q: want UID[:GID] in decimal digits: %w", text, err)
	}
	return specs.User{UID: u, GID: g}, nil
}

func parseID(s string) (uint32, error) {
	if s == "" || strings.Trim(s, "0123456789") != "" {
		return 0, fmt.Errorf("%q is not a number", s)
	}
	n, err := strconv.ParseUint(s, 10, 32)
	if err != nil || n == 1<<32-1 {
		return 0, fmt.Errorf("%s is out of range", s)
	}
	return uint32(n), nil
}
