package sandbox

import (
	"errors"
	"fmt"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/plan"
	"github.com/urun/urun/pkg/program"
	"github.com/urun/urun/pkg/step"
	"github.com/urun/urun/pkg/sys"
)

// raise does the parent's part up to the child's being ready or gone into its command.
func (c *Child) raise(p plan.Plan) error {
	if p.Enter {
		if err := c.opt.Enter(c.Pid); err != nil {
			return err
		}
		if err := c.Consent(); err != nil {
			return err
		}
	}
	if joins(p) {
		if err := c.adopt(); err != nil {
			return err
		}
	}
	if p.Birth.MapBy == plan.MapHelpers || p.Birth.MapBy == plan.MapDirect {
		if err := c.opt.MapIDs(c.Pid); err != nil {
			return &MapError{err}
		}
		if err := c.Consent(); err != nil {
			return err
		}
	}
	if reborn(p) {
		if err := c.adopt(); err != nil {
			return err
		}
	}
	if c.opt.Meanwhile != nil {
		if err := c.opt.Meanwhile(c); err != nil {
			return err
		}
	}
	ready, err := c.listen()
	if err == nil && !ready && waits(p) {
		return c.endedEarly()
	}
	return err
}

// endedEarly is the error of a child that closed the conversation too soon. Its descriptors close a moment before it can be
// waited for; SIGKILL changes nothing about the status of one that is ending.
func (c *Child) endedEarly() error {
	c.Kill()
	return fmt.Errorf("the container's process ended before it was ready: %s", describe(c.status))
}

// adopt waits for the message that tells of one more fork. What the new process says meanwhile is kept for listen.
func (c *Child) adopt() error {
	for {
		m, err := c.read()
		switch {
		case errors.Is(err, errClosed):
			return c.endedEarly()
		case err != nil:
			return err
		case m.Kind == program.Born:
			return c.take(int(m.Value))
		}
		c.early = append(c.early, m)
	}
}

// next is the next message for listen.
func (c *Child) next() (sys.Message, error) {
	if len(c.early) == 0 {
		return c.read()
	}
	m := c.early[0]
	c.early = c.early[1:]
	return m, nil
}

// take puts pid, a sibling that the child forked with CLONE_PARENT, in the child's place. Being our own unreaped child,
// its pid cannot have been given to another.
func (c *Child) take(pid int) error {
	wait(c.Pid)
	unix.Close(c.PidFD)
	c.Pid = pid
	var err error
	if c.PidFD, err = unix.PidfdOpen(pid, 0); err != nil {
		c.PidFD = -1
		return fmt.Errorf("pidfd of the child: %w", err)
	}
	return nil
}

// waits says whether the plan has the child report ready; one that does not goes straight on into its command.
func waits(p plan.Plan) bool {
	for _, s := range p.Steps {
		if _, ok := s.(step.Ready); ok {
			return true
		}
	}
	return false
}

// joins says whether the plan has the child fork, before it has ids of its own, into namespaces that are there already.
func joins(p plan.Plan) bool {
	if len(p.Birth.Joins) > 0 {
		return true
	}
	for _, s := range p.Steps {
		switch s.(type) {
		case step.TimeOffsets:
			return false
		case step.Fork:
			return true
		}
	}
	return false
}

// reborn says whether the plan has the child fork once more when it has its ids, into a time namespace of its own.
func reborn(p plan.Plan) bool {
	for _, s := range p.Steps {
		if _, ok := s.(step.TimeOffsets); ok {
			return true
		}
	}
	return false
}

func describe(status syscall.WaitStatus) string {
	if status.Signaled() {
		return "killed by " + unix.SignalName(status.Signal())
	}
	return fmt.Sprintf("exit status %d", status.ExitStatus())
}
