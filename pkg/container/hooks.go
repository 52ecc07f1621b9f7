package container

import (
	"encoding/json"
	"fmt"

	specs "github.com/opencontainers/runtime-spec/specs-go"

	"github.com/urun/urun/pkg/bundle"
	"github.com/urun/urun/pkg/idmap"
	"github.com/urun/urun/pkg/plan"
	"github.com/urun/urun/pkg/sandbox"
	"github.com/urun/urun/pkg/state"
)

// The statuses of the spec (runtime.md, "State") and runc's paused.
const (
	statusCreating = "creating"
	statusCreated  = "created"
	statusRunning  = "running"
	statusPaused   = "paused"
	statusStopped  = "stopped"
)

// callOut does what the child of a birth waits for: it runs a hook. The record is saved before the first one, so that a hook
// may ask for the state.
func (b *birth) callOut(n int, c *sandbox.Child) error {
	if n == plan.NetworkCall {
		return b.connected()
	}
	if !b.hooked {
		if err := b.dir.Save(b.record); err != nil {
			return err
		}
	}
	b.hooked, b.staged = true, false
	status := statusCreating
	out := b.plan.CallOuts[n]
	if out.Kind == "startContainer" {
		status = statusCreated
	}
	return b.runHook(out, b.record, status, c.PidFD, c.Show)
}

// runHook runs the hook of a call-out with rec as its state. For those in the container's namespaces pidfd is its process,
// which is asked to show them where others may be in there by now, and so nobody could look for them.
func (r *Runtime) runHook(out plan.CallOut, rec state.Record, status string, pidfd int, show sandbox.Show) error {
	told := rec
	if out.InContainer() {
		told.Pid = pidInside(rec)
	}
	stdin, err := hookState(told, status)
	if err != nil {
		return err
	}
	if !out.InContainer() {
		return named(out.Kind, sandbox.RunHook(out.Hook, stdin, rec.Bundle, nil))
	}
	in := &sandbox.Inside{PidFD: pidfd, Own: rec.Namespaces, UID: rootOf(rec.UIDMap), GID: rootOf(rec.GIDMap)}
	if out.Kind == "startContainer" {
		if in.Shown, err = show(rec.Namespaces); err != nil {
			return named(out.Kind, err)
		}
		defer in.Shown.Close()
	}
	return named(out.Kind, sandbox.RunHook(out.Hook, stdin, rec.Bundle, in))
}

func named(kind string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s %w", kind, err)
}

// rootOf is the id that a container is set up as: 0 where it is mapped.
func rootOf(m idmap.Map) uint32 {
	if _, ok := m.ToHost(0); ok || len(m) == 0 {
		return 0
	}
	return m[0].ContainerID
}

// hookState is what a hook reads on its stdin (runtime.md, "State").
func hookState(rec state.Record, status string) ([]byte, error) {
	if status == statusStopped {
		rec.Pid = 0
	}
	return json.Marshal(stateOf(rec, status))
}

// stateOf is the container's state in the spec's words.
func stateOf(rec state.Record, status string) specs.State {
	return specs.State{
		Version: rec.OCIVersion, ID: rec.ID, Status: specs.ContainerState(status), Pid: rec.Pid,
		Bundle: rec.Bundle, Annotations: rec.Annotations,
	}
}

// poststart runs the poststart hooks. A failure is one of the start, and the container is to be given up.
func (r *Runtime) poststart(hooks specs.Hooks, rec state.Record) error {
	for _, h := range hooks.Poststart {
		if err := r.runHook(plan.CallOut{Kind: "poststart", Hook: h}, rec, statusRunning, -1, nil); err != nil {
			return err
		}
	}
	return nil
}

// giveUp ends and deletes a container of which a hook has failed (runtime.md, "Lifecycle", steps 7 and 9: stop the container
// and go on with its deletion).
func (r *Runtime) giveUp(dir *state.Dir, rec state.Record) {
	if state.Alive(rec) {
		if err := end(rec); err != nil {
			r.Warn("stop " + rec.ID + ": " + err.Error())
			return
		}
	}
	if err := r.release(rec); err != nil {
		r.Warn("cgroup: " + err.Error())
	}
	r.poststop(savedHooks(dir), rec)
	if err := dir.Remove(); err != nil {
		r.Warn("delete " + rec.ID + ": " + err.Error())
	}
}

// poststop runs the poststop hooks; a failure is a warning, for the container is gone all the same.
func (r *Runtime) poststop(hooks specs.Hooks, rec state.Record) {
	for _, h := range hooks.Poststop {
		if err := r.runHook(plan.CallOut{Kind: "poststop", Hook: h}, rec, statusStopped, -1, nil); err != nil {
			r.Warn(err.Error())
		}
	}
}

// hooks are those of the config that the container is being made from.
func (d *draft) hooks() specs.Hooks {
	if h := d.bundle.Spec.Hooks; h != nil {
		return *h
	}
	return specs.Hooks{}
}

// savedHooks reads the hooks of the config that the container was made from.
func savedHooks(dir *state.Dir) specs.Hooks {
	raw, err := dir.Config()
	if err != nil || !mayHaveHooks(raw) {
		return specs.Hooks{}
	}
	spec, err := bundle.Decode(raw)
	if err != nil || spec.Hooks == nil {
		return specs.Hooks{}
	}
	return *spec.Hooks
}

// mayHaveHooks spares the decoding of the configs, nearly all, that have none.
func mayHaveHooks(raw []byte) bool {
	return containsKey(raw, "poststart") || containsKey(raw, "poststop")
}
