package sandbox

import (
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"

	specs "github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/plan"
	"github.com/urun/urun/pkg/step"
	"github.com/urun/urun/pkg/sys"
)

// Inside says into which namespaces a hook goes.
type Inside struct {
	PidFD int    // a process that lives in them, where it can be asked for
	Shown Shown  // they themselves, where the process has shown them; else nil
	Own   uint64 // CLONE_NEW* of those to join
	UID   uint32 // who root is in there
	GID   uint32
}

// RunHook runs one hook with the state as its stdin, in the namespaces of in, or in those of the caller when in is
// nil. dir is its working directory outside. The error tells the hook's path and the end of what it printed.
func RunHook(h specs.Hook, state []byte, dir string, in *Inside) error {
	stdin, err := memory("state", state)
	if err != nil {
		return err
	}
	defer unix.Close(stdin)
	out, output, err := newTail()
	if err != nil {
		return err
	}
	defer out.close()
	var c *Child
	if in == nil {
		c, err = startOutside(h, dir, stdin, output)
	} else {
		c, err = startInside(h, *in, stdin, output)
	}
	unix.Close(output)
	if err != nil {
		return fmt.Errorf("hook %s: %w", h.Path, err)
	}
	defer c.Close()
	defer unix.Close(c.PidFD)
	if err := c.within(h.Timeout, out); err != nil {
		return fmt.Errorf("hook %s: %w%s", h.Path, err, out)
	}
	return nil
}

func startOutside(h specs.Hook, dir string, stdin, output int) (*Child, error) {
	pidfd := -1
	pid, err := syscall.ForkExec(h.Path, hookArgs(h), &syscall.ProcAttr{
		Dir: dir, Env: h.Env, Files: []uintptr{uintptr(stdin), uintptr(output), uintptr(output)},
		Sys: &syscall.SysProcAttr{PidFD: &pidfd},
	})
	if err != nil {
		return nil, err
	}
	return &Child{Pid: pid, PidFD: pidfd, conn: conn{fd: -1}}, nil
}

// startInside enters the namespaces with a short program of its own.
func startInside(h specs.Hook, in Inside, stdin, output int) (*Child, error) {
	p := plan.Plan{Steps: []step.Step{
		step.Keep{},
		step.Undumpable{},
	}}
	inputs := map[string]int{"stdin": stdin, "output": output}
	if in.Shown == nil {
		inputs["target"] = in.PidFD
		p.Steps = append(p.Steps, step.Join{Input: "target", Flags: in.Own, From: "the container"})
	}
	for name, fd := range in.Shown {
		inputs[name] = fd
	}
	if in.Shown != nil {
		p.Steps = append(p.Steps, step.JoinAll(in.Own, "the container")...)
	}
	p.Steps = append(p.Steps,
		step.Fork{},
		step.Become{UID: in.UID, GID: in.GID, Hidden: true},
		step.Redirect{Input: "stdin", FD: 0},
		step.Redirect{Input: "output", FD: 1},
		step.Redirect{Input: "output", FD: 2},
		step.Inheritance{Ignored: sys.IgnoredSignals()}, step.Exec{Files: []string{h.Path}, Args: hookArgs(h), Env: h.Env},
	)
	c, err := Start(p, Options{Inputs: inputs})
	if err != nil {
		return nil, err
	}
	return c, nil
}

func hookArgs(h specs.Hook) []string {
	if len(h.Args) == 0 {
		return []string{h.Path}
	}
	return h.Args
}

// within waits for the end of the hook, at most timeout seconds, and takes what it prints.
func (c *Child) within(timeout *int, out *tail) error {
	ms := -1
	if timeout != nil {
		ms = *timeout * 1000
	}
	deadline := time.Now().Add(time.Duration(ms) * time.Millisecond)
	for {
		fds := []unix.PollFd{{Fd: int32(c.PidFD), Events: unix.POLLIN}, {Fd: int32(out.fd), Events: unix.POLLIN}}
		n, err := unix.Poll(fds, ms)
		if timeout != nil {
			ms = max(0, int(time.Until(deadline).Milliseconds()))
		}
		switch {
		case err == nil && fds[0].Revents != 0:
			out.drain()
			return exitError(c.Wait())
		case err == nil && n == 0, timeout != nil && ms == 0:
			c.Kill()
			out.drain()
			return fmt.Errorf("no end within %d s, killed", *timeout)
		case err == nil:
			out.drain()
		}
	}
}

func exitError(status syscall.WaitStatus) error {
	if status == 0 {
		return nil
	}
	return errors.New(describe(status))
}

// memory makes an anonymous file with content, positioned at its start.
func memory(name string, content []byte) (int, error) {
	fd, err := unix.MemfdCreate(name, unix.MFD_CLOEXEC)
	if err != nil {
		return -1, fmt.Errorf("memfd: %w", err)
	}
	for done := 0; done < len(content); {
		n, err := unix.Pwrite(fd, content[done:], int64(done))
		if err != nil {
			unix.Close(fd)
			return -1, os.NewSyscallError("write memfd", err)
		}
		done += n
	}
	return fd, nil
}
