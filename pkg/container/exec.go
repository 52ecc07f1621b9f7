package container

import (
	"cmp"
	"errors"
	"fmt"
	"strconv"
	"strings"

	specs "github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/bundle"
	"github.com/urun/urun/pkg/plan"
	"github.com/urun/urun/pkg/sandbox"
	"github.com/urun/urun/pkg/seccomp"
	"github.com/urun/urun/pkg/state"
)

// Exec runs one more process in the container id. The exit code is the process's, unless it is detached.
func (r *Runtime) Exec(id string, o ExecOptions) (int, error) {
	var fwd *forwarder
	if !o.Detach {
		fwd = forward()
	}
	rec, spec, filter, err := r.execTarget(id, o.IgnorePaused)
	if err != nil {
		return 255, err
	}
	p, err := execProcess(spec.Process, o)
	if err != nil {
		return 255, err
	}
	if err := checkConsole(p.Terminal, o.Detach, o.ConsoleSocket); err != nil {
		return 255, err
	}
	if err := checkPreserved(o.PreserveFDs, 0); err != nil {
		return 255, err
	}
	to := targetOf(rec, spec)
	if to.KeepGroups && len(o.AdditionalGids) > 0 {
		return 255, errors.New("--additional-gids: the container keeps the groups of its caller (" + plan.KeepGroups +
			"), and adding one would take them all away")
	}
	h, err := detect(p)
	if err != nil {
		return 255, err
	}
	opt := plan.Options{ID: id, Filter: filter, PreserveFDs: o.PreserveFDs, Home: home(rec.Bundle, rec.Rootfs, p.User.UID)}
	if o.ConsoleSocket == "" {
		opt.Rows, opt.Cols = windowSize(h)
	}
	pl, err := plan.CompileExec(p, to, h, opt)
	if err != nil {
		return 255, err
	}
	for _, n := range pl.Notices { // the container's own were told of when it was made
		r.Debug(n.String())
	}
	return r.exec(pl, rec, spec.Linux, o, fwd)
}

// execTarget reads what is known about a container that a process can be added to.
func (r *Runtime) execTarget(id string, ignorePaused bool) (rec state.Record, spec *specs.Spec, filter *seccomp.Filter, err error) {
	dir, err := r.Store.Open(id)
	if err != nil {
		return rec, nil, nil, err
	}
	defer dir.Close()
	if rec, err = dir.Load(); err != nil {
		return rec, nil, nil, err
	}
	switch {
	case rec.Creating || !state.Alive(rec):
		return rec, nil, nil, errors.New("cannot exec in a stopped container")
	case rec.Paused != "" && !ignorePaused:
		return rec, nil, nil, errors.New("cannot exec in a paused container (use --ignore-paused to override)")
	}
	raw, err := dir.Config()
	if err != nil {
		return rec, nil, nil, err
	}
	spec, section, err := bundle.DecodeApart(raw)
	if err == nil {
		filter, err = r.filter(spec, raw, section)
	}
	return rec, spec, filter, err
}

// exec starts the planned process in the container and attends it.
func (r *Runtime) exec(pl plan.Plan, rec state.Record, linux *specs.Linux, o ExecOptions, fwd *forwarder) (int, error) {
	target, err := openInit(rec)
	if err != nil {
		return 255, err
	}
	defer unix.Close(target)
	term, err := openTerminal(pl.Birth.Terminal, o.ConsoleSocket)
	if err != nil {
		return 255, err
	}
	defer term.Close()
	inputs := map[string]int{"target": target}
	for name, fd := range term.inputs() {
		inputs[name] = fd
	}
	fwd.arm() // the process does not wait for anybody
	c, err := sandbox.Start(pl, sandbox.Options{
		Inputs: inputs, Preserve: o.PreserveFDs, Noted: func(int) {}, Enter: func(pid int) error { return enter(rec, pid) },
		Listener: func(fd int, c *sandbox.Child) error {
			return inform(linux.Seccomp, rec, statusRunning, c.Pid, c.PidFD, fd)
		},
	})
	if errors.Is(err, unix.EPERM) && r.waiting(rec.ID) {
		return 255, errors.New("cannot exec in a container that has not been started")
	}
	if err != nil {
		return 255, explain(err)
	}
	defer c.Close()
	if err = sendPidfd(o.PidfdSocket, c.PidFD); err == nil {
		err = writePid(o.PidFile, c.Pid)
	}
	if err == nil {
		err = term.receive()
	}
	if err != nil {
		c.Kill()
		return 255, err
	}
	if o.Detach {
		return 0, nil
	}
	fwd.begin()
	fwd.aim(c.PidFD)
	term.relay(fwd)
	status := c.Wait()
	term.drain()
	return exitCode(status), nil
}

// waiting says whether the container waits for its start. Its process, still a copy of urun, then lets nobody in.
func (r *Runtime) waiting(id string) bool {
	st, err := r.State(id)
	return err == nil && st.Status == statusCreated
}

// execProcess is the process that exec asks for: the file of --process as it is, or the container's own process with what
// the flags say changed.
func execProcess(base *specs.Process, o ExecOptions) (*specs.Process, error) {
	if o.Cgroup != "" {
		return nil, errors.New("--cgroup: not supported yet")
	}
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
