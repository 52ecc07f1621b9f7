package container

import (
	"errors"
	"time"

	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/companion"
	"github.com/urun/urun/pkg/plan"
	"github.com/urun/urun/pkg/sandbox"
	"github.com/urun/urun/pkg/state"
)

// birth is a container between its draft and its being ready.
type birth struct {
	*Runtime
	*draft
	dir    *state.Dir
	record state.Record
	child  *sandbox.Child
	fwd    *forwarder // hands signals on, where urun stays
	late   []plan.Notice
	staged bool      // the record lies ready to be committed
	hooked bool      // a hook has been run
	let    bool      // the process may begin as soon as it is ready
	since  time.Time // when the part began that is being traced

	maps      chan error           // the end of writing the id maps, where that was begun early
	companion *companion.Companion // urun-monitor, until it is ready; nil: there is none
}

// bear starts the process of the draft and brings it as far as ready; the record is not to be seen yet. inputs are descriptors
// that its program names; attended: signals are handed to it.
func (r *Runtime) bear(d *draft, dir *state.Dir, inputs map[string]int, attended bool) (*birth, error) {
	b := &birth{Runtime: r, draft: d, dir: dir, since: time.Now()}
	b.record = state.Record{
		ID: d.id, Bundle: d.bundle.Dir, Rootfs: d.plan.Birth.Rootfs, OCIVersion: d.bundle.Spec.Version,
		Annotations: d.bundle.Spec.Annotations, Owner: d.host.UID, Created: time.Now().UTC(), BootID: state.BootID(),
		Namespaces: d.plan.Birth.Own, UIDMap: d.plan.Birth.UIDMap, GIDMap: d.plan.Birth.GIDMap, Creating: true,
	}
	if err := b.networkFiles(); err != nil {
		return nil, err
	}
	b.hire()
	child, err := sandbox.Start(d.plan, sandbox.Options{
		Inputs: inputs, Preserve: d.opt.PreserveFDs, MapIDs: b.mapIDs, CallOut: b.callOut, Noted: b.noted, Listener: b.listener, Enter: b.enter,
		Meanwhile: func(c *sandbox.Child) error { return b.prepare(c, attended) },
	})
	if err == nil {
		b.since = r.trace("steps", b.since)
		b.child = child
		if err = b.known(); err != nil {
			child.Kill()
		}
	}
	if err != nil {
		err = b.fwd.interrupted("the container", err)
		if relErr := r.release(b.record); relErr != nil {
			r.Warn("cgroup: " + relErr.Error())
		}
		if b.hooked { // what hooks have made, hooks clean up (runtime.md, "Lifecycle")
			r.poststop(b.hooks(), b.record)
		}
		return nil, addressed(b.plan, explain(err))
	}
	return b, nil
}

// prepare does, while the child carries out its steps, what must be done before the container begins.
func (b *birth) prepare(c *sandbox.Child, attended bool) error {
	if b.plan.Birth.MapBy != plan.MapHelpers && b.plan.Birth.MapBy != plan.MapDirect {
		b.since = b.trace("clone", b.since)
	}
	if attended {
		fwd, err := forward()
		if err != nil {
			return err
		}
		b.fwd = fwd
		b.fwd.aim(c.PidFD)
	}
	if err := b.dir.SaveConfig(b.bundle.Raw); err != nil {
		return err
	}
	if err := b.identify(c.Pid); err != nil {
		return err
	}
	b.instruct()
	for _, n := range b.plan.Notices {
		b.record.Notices = append(b.record.Notices, state.Notice(n))
	}
	if err := b.stage(); err != nil || !b.straight() {
		return err
	}
	if err := b.settle(c); err != nil {
		return err
	}
	b.let = true
	return c.Consent()
}

// straight says that nothing is left to be done or decided when the process is ready. It then has leave to begin in advance,
// and need not wait until urun has woken up.
func (b *birth) straight() bool {
	networked := b.plan.Network != nil && b.plan.Network.Duty != nil
	if b.wait || b.companion != nil || networked || b.plan.Birth.Terminal || b.opt.PidFile != "" || b.opt.PidfdSocket != "" || b.plan.Answered() {
		return false
	}
	return !b.Strict || len(b.late)+len(b.plan.Late) == 0
}

// stage writes the record of the finished container down, for settle to let it be seen.
func (b *birth) stage() error {
	rec := b.record
	rec.Creating = false
	b.staged = true
	return b.dir.Stage(rec)
}

// enter puts the newborn into its cgroup.
func (b *birth) enter(pid int) error {
	p := &placing{id: b.id, want: b.plan.Cgroup, way: b.way}
	if b.companion != nil && b.plan.Watch != nil && b.plan.Watch.Duty.Kind == companion.Kills {
		p.monitor, p.networked = b.companion.Pid, b.plan.Network != nil && b.plan.Network.Duty != nil
	}
	b.mapAhead(pid)
	if err := p.place(pid); err != nil {
		return errors.Join(err, b.mapped())
	}
	b.record.Cgroup = &p.made
	b.late = append(b.late, p.lost...)
	b.since = b.trace("cgroup", b.since)
	return nil
}

// listener hands the descriptor on which the kernel asks about the container's system calls to the agent.
func (b *birth) listener(fd int, c *sandbox.Child) error {
	return inform(b.bundle.Spec.Linux.Seccomp, b.record, statusCreated, c.Pid, c.PidFD, fd)
}

func (b *birth) noted(n int) { b.late = append(b.late, b.plan.Late[n]) }

// known completes the record with what is true once the process is ready.
func (b *birth) known() error {
	b.watched()
	if b.Strict && len(b.late) > 0 {
		return errors.New("--strict: " + b.late[0].String())
	}
	for _, n := range b.late {
		b.Notify(n)
		b.record.Notices = append(b.record.Notices, state.Notice(n))
		b.staged = false
	}
	return nil
}

// identify notes down which process it is. Maps of a joined user namespace are read from the process itself.
func (b *birth) identify(pid int) (err error) {
	b.record.Pid = pid
	if b.record.StartTime, err = state.StartTime(pid); err != nil {
		return err
	}
	if b.record.UIDMap == nil && b.plan.Birth.Own&unix.CLONE_NEWUSER != 0 {
		if b.record.UIDMap, err = readMap(pid, "uid_map"); err == nil {
			b.record.GIDMap, err = readMap(pid, "gid_map")
		}
	}
	return err
}

// settle writes down that the container is made, and tells those who asked for its pid.
func (b *birth) settle(c *sandbox.Child) error {
	if !b.staged {
		if err := b.stage(); err != nil {
			return err
		}
	}
	if err := b.dir.Commit(); err != nil {
		return err
	}
	b.record.Creating = false
	if err := sendPidfd(b.opt.PidfdSocket, c.PidFD); err != nil {
		return err
	}
	return writePid(b.opt.PidFile, c.Pid)
}
