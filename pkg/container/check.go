package container

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// check refuses what can be seen to go wrong before a process is born.
func (d *draft) check(detach bool) error {
	info, err := os.Lstat(d.plan.Birth.Rootfs)
	switch {
	case errors.Is(err, os.ErrNotExist):
		err = fmt.Errorf("root.path: %s does not exist", d.plan.Birth.Rootfs)
		return WithHint(err, "the root file system of the container goes there, from an image or from packages")
	case err != nil:
		return fmt.Errorf("root.path: %w", err)
	case info.Mode()&os.ModeSymlink != 0:
		return fmt.Errorf("root.path: %s is a symlink; name the directory itself", d.plan.Birth.Rootfs)
	case !info.IsDir():
		return fmt.Errorf("root.path: %s is not a directory", d.plan.Birth.Rootfs)
	}
	if err := checkAgent(d.plan); err != nil {
		return err
	}
	if err := checkConsole(d.plan.Birth.Terminal, detach, d.opt.ConsoleSocket); err != nil {
		return err
	}
	return checkPreserved(d.opt.PreserveFDs, d.opt.Activation.Sockets)
}

func checkConsole(terminal, detach bool, socket string) error {
	if terminal && detach && socket == "" {
		err := errors.New("cannot allocate tty if urun will detach without setting console socket (process.terminal is true)")
		return WithHint(err, "set process.terminal to false (for exec leave --tty out), or stay in the foreground")
	}
	if socket != "" && !(terminal && detach) {
		return errors.New("cannot use console socket if urun will not detach or allocate tty")
	}
	return nil
}

// checkPreserved makes sure that descriptors 3 … 3+n-1 came from the caller: what urun itself has opened is close-on-exec.
func checkPreserved(n, listen int) error {
	for fd := 3; fd < 3+n; fd++ {
		flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0)
		if err != nil || flags&unix.FD_CLOEXEC != 0 {
			if fd < 3+listen {
				return fmt.Errorf("LISTEN_FDS=%d: descriptor %d is not open", listen, fd)
			}
			return fmt.Errorf("--preserve-fds %d: descriptor %d is not open", n-listen, fd)
		}
	}
	return nil
}
