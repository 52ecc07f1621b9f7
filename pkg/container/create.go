package container

import (
	"strconv"

	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/sandbox"
	"github.com/urun/urun/pkg/state"
)

// Create makes the container id from a bundle; its process waits for Start. On an error nothing is left.
func (r *Runtime) Create(id string, o CreateOptions) error {
	d, err := r.draft(id, o, true)
	if err != nil {
		return err
	}
	defer d.close()
	if err := d.check(true); err != nil {
		return err
	}
	dir, err := r.Store.Create(id)
	if err != nil {
		return err
	}
	defer dir.Close()
	if err := r.create(d, dir); err != nil {
		_ = dir.Remove()
		return err
	}
	r.notices(d.plan)
	return nil
}

func (r *Runtime) create(d *draft, dir *state.Dir) error {
	listen, err := sandbox.Listen(socketPath(dir))
	if err != nil {
		return err
	}
	defer unix.Close(listen)
	inputs := map[string]int{"listen": listen}
	if d.opt.ConsoleSocket != "" {
		console, err := sandbox.Dial(d.opt.ConsoleSocket)
		if err != nil {
			return err
		}
		defer unix.Close(console)
		inputs["console"] = console
	}
	b, err := r.bear(d, dir, inputs, false)
	if err != nil {
		return err
	}
	if err = b.settle(b.child); err == nil {
		err = b.child.Consent()
	}
	if err != nil {
		b.child.Kill()
		if relErr := r.release(b.record); relErr != nil {
			r.Warn("cgroup: " + relErr.Error())
		}
		if b.hooked { // what hooks have made, hooks clean up
			r.poststop(b.hooks(), b.record)
		}
		return err
	}
	b.child.Close()
	return nil
}

// socketPath is where the container waits for its start. A socket's path may have 107 bytes at most, so it is reached by
// the handle of its directory.
func socketPath(dir *state.Dir) string {
	return "/proc/self/fd/" + strconv.Itoa(dir.Fd()) + "/" + state.StartSocket
}
