package container

import (
	"errors"

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
