package container

import (
	"errors"
	"time"

	"golang.org/x/sys/unix"
)

// Run creates the container id, starts it and, unless it is detached, waits for its end and deletes it. The exit code is
// that of the container's process, 128 and the signal's number if one ended it.
func (r *Runtime) Run(id string, o RunOptions) (int, error) {
	o.attended = !o.Detach
	d, err := r.draft(id, o.CreateOptions, false)
	if err != nil {
		return 1, err
	}
	defer d.close()
	if err := d.check(o.Detach); err != nil {
		return 1, err
	}
	t := time.Now()
	dir, err := r.Store.Create(id)
	if err != nil {
		return 1, err
	}
	defer dir.Close()
	r.trace("claim", t)
	term, err := openTerminal(d.plan.Birth.Terminal, d.opt.ConsoleSocket)
	if err != nil {
		_ = dir.Remove()
		return 1, err
	}
	defer term.Close()
	if !o.NoSubreaper && !o.Detach && d.plan.Birth.Own&unix.CLONE_NEWPID == 0 {
		_ = unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
	}
	b, err := r.bear(d, dir, term.inputs(), !o.Detach)
	if err != nil {
		_ = dir.Remove()
		var early *interruptedError
		if errors.As(err, &early) {
			return 128 + int(early.sig), err
		}
		return 1, err
	}
	defer b.child.Close()
	r.notices(d.plan)
	if o.Detach {
		return 0, b.begin(term)
	}
	return b.attend(term, o.Keep)
}

// begin lets the ready process become its command; on an error nothing is left.
func (b *birth) begin(term *terminal) error {
	err := b.permit(term)
	if err == nil {
		err = explain(b.child.Started())
	}
	b.since = b.trace("exec", b.since)
	if err == nil {
		err = b.poststart(b.hooks(), b.record)
	}
	if err != nil {
		b.child.Kill()
		b.poststopAndRemove()
	}
	return err
}

// permit gives the process leave to begin, unless it has had that in advance. What has turned out since is noted down then.
func (b *birth) permit(term *terminal) error {
	var err error
	if !b.let || !b.staged {
		err = b.settle(b.child)
	}
	if err == nil {
		err = term.receive()
	}
	b.since = b.trace("record", b.since)
	if err != nil {
		return err
	}
	b.fwd.begin()
	if b.let {
		return nil
	}
	return b.child.Consent()
}

// attend starts the container in the foreground: signals go to it, its terminal is ours, and its end is our own.
func (b *birth) attend(term *terminal, keep bool) (int, error) {
	if err := b.begin(term); err != nil {
		return 1, err
	}
	b.dir.Unlock()
	term.relay(b.fwd)
	v := b.keepVigil()
	v.until(b.child.PidFD, b.dir.Load)
	status := b.child.Wait()
	b.since = b.trace("life", b.since)
	term.drain()
	if said := b.verdict(v, status.Signaled() && status.Signal() == unix.SIGKILL); said != "" {
		b.Warn(said)
	}
	switch {
	case !keep:
		b.finish()
	case v != nil:
		_ = b.dir.SaveReport(v.report(b.record)) // nothing of the container depends on it
	}
	b.trace("delete", b.since)
	return b.fwd.exitCode(status), nil
}

// verdict says why the container has ended, as far as that is about memory, by what urun or urun-monitor has seen.
func (b *birth) verdict(v *vigil, killed bool) string {
	if v != nil || b.plan.Watch == nil {
		return v.verdict(killed)
	}
	s := statusOf(b.record, statusStopped)
	s.addWatched(b.record, b.dir)
	return s.OutOfMemory
}

// finish deletes the container after its end, unless somebody else already has.
func (b *birth) finish() {
	if err := b.dir.Lock(); err != nil {
		return
	}
	rec, err := b.dir.Load()
	if err != nil || rec.Pid != b.record.Pid || rec.StartTime != b.record.StartTime {
		return
	}
	b.record.Monitor = rec.Monitor // somebody may have hired one
	b.poststopAndRemove()
}

func (b *birth) poststopAndRemove() {
	if err := b.release(b.record); err != nil {
		b.Warn("cgroup: " + err.Error())
	}
	b.poststop(b.hooks(), b.record)
	if err := b.dir.Remove(); err != nil {
		b.Warn("delete " + b.id + ": " + err.Error())
	}
}
