package sandbox

import (
	"errors"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/plan"
	"github.com/urun/urun/pkg/program"
	"github.com/urun/urun/pkg/step"
	"github.com/urun/urun/pkg/sys"
)

// Options are what Start needs beside the plan.
type Options struct {
	Inputs   map[string]int // descriptors that the program names, such as "console" or "listen"
	Preserve int            // descriptors 3 … 3+Preserve-1 stay open for the container
	MapIDs   func(pid int) error
	Enter    func(pid int) error          // puts the process into its cgroup, where the plan says so
	CallOut  func(n int, c *Child) error  // does call-out n of the plan
	Noted    func(n int)                  // late notice n of the plan holds
	Listener func(fd int, c *Child) error // hands descriptor fd of the child to the agent that its filter asks

	// Meanwhile, if given, is done once the child works on its own: what the caller has to do before the container may
	// begin costs no time there.
	Meanwhile func(c *Child) error
}

// Child is a process on its way to becoming a container.
type Child struct {
	Pid   int
	PidFD int // close-on-exec

	conn
	opt    Options
	early  []sys.Message // what a second process said before the first had told of it
	reaped bool
	status syscall.WaitStatus
}

// Start forks the child of p and talks with it until it is ready, or, where the plan has no Ready step, until it has become
// its command. On an error the child is gone.
func Start(p plan.Plan, opt Options) (*Child, error) {
	prog := p.Program()
	if err := prog.Fits(); err != nil {
		return nil, err
	}
	ours, theirs, err := socketpair()
	if err != nil {
		return nil, err
	}
	inputs, opened, err := openJoins(p, opt.Inputs)
	defer closeAll(opened)
	if err != nil {
		closeAll([]int{ours, theirs})
		return nil, err
	}
	inputs["sock"] = theirs
	if prog.Asks(step.HandleInput) {
		inputs[step.HandleInput] = beyond(inputs, opt.Preserve)
	}
	values := linkInputs(inputs, opt.Preserve)
	if prog.Asks("args") {
		addArgs(values)
	}
	code := prog.Link(values)
	kid, err := sys.Fork(p.Birth.Flags, code)
	code.Free()
	unix.Close(theirs)
	if err != nil {
		unix.Close(ours)
		return nil, &BirthError{Namespaces: program.Namespaces(p.Birth.Flags), Err: err}
	}
	c := &Child{Pid: kid.Pid, PidFD: kid.PidFD, conn: conn{fd: ours, prog: func() *program.Program { return prog }}, opt: opt}
	if err := c.raise(p); err != nil {
		if c.over {
			c.reapSiblings(lastWords)
		}
		c.kill()
		c.reapSiblings(0)
		c.Close()
		closeAll([]int{c.PidFD})
		return nil, err
	}
	return c, nil
}

// listen answers the child until it reports ready (true) or its end of the conversation closes (false): it has become its
// command, or has ended. An end is not collected here: where urun does not stay, the status belongs to whoever adopts its
// orphans, as conmon does.
func (c *Child) listen() (ready bool, err error) {
	for {
		m, err := c.next()
		if errors.Is(err, errClosed) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		switch m.Kind {
		case program.Ready:
			return true, nil
		case program.Born:
			err = c.take(int(m.Value))
		default:
			err = c.answer(m, duties{
				c.opt.Noted, func(n int) error { return c.opt.CallOut(n, c) }, func(fd int) error { return c.opt.Listener(fd, c) },
			})
		}
		if err != nil {
			return false, err
		}
	}
}

// Started waits, after the Consent to a ready child, until it has become its command.
func (c *Child) Started() error {
	_, err := c.listen()
	return err
}

// Wait waits for the end of the process and returns its status.
func (c *Child) Wait() syscall.WaitStatus {
	if !c.reaped {
		c.status, c.reaped = wait(c.Pid), true
	}
	return c.status
}

// Kill ends the child and everything in its pid namespace, and waits for it.
func (c *Child) Kill() {
	c.Close()
	c.kill()
}

func (c *Child) kill() {
	if !c.reaped {
		unix.Kill(c.Pid, unix.SIGKILL) // our own child, not waited for yet: its pid is no other's
		c.Wait()
	}
}

// Close ends the conversation; the process goes on.
func (c *Child) Close() {
	if c.fd >= 0 {
		unix.Close(c.fd)
		c.fd = -1
	}
}

func wait(pid int) (status syscall.WaitStatus) {
	for {
		switch _, err := syscall.Wait4(pid, &status, 0, nil); err {
		case nil:
			return status
		case syscall.EINTR:
		default:
			return unknownStatus
		}
	}
}

// unknownStatus is the status of a process whose end could not be learnt; nobody shall take it for a success.
const unknownStatus = 255 << 8
