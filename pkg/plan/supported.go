package plan

import (
	"errors"
	"fmt"
	"math"
	"path"
	"strings"

	specs "github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/program"
)

// supported refuses, by name, what a config may hold and urun does not do: nothing is ignored in silence.
func (c *compiler) supported() error {
	if c.spec.Process == nil {
		return errors.New("process: missing: there is nothing to run")
	}
	if c.spec.Root == nil {
		return errors.New("root: missing")
	}
	if c.spec.Linux == nil {
		c.spec.Linux = &specs.Linux{}
	}
	l := c.spec.Linux
	// Each takes one system call at least: what cannot fit is refused before it costs memory.
	if err := program.Fit(len(c.spec.Mounts) + len(l.MaskedPaths) + len(l.ReadonlyPaths) + len(l.Devices) + len(l.Sysctl)); err != nil {
		return err
	}
	if err := refuse([]refusal{
		{"windows", c.spec.Windows != nil},
		{"solaris", c.spec.Solaris != nil},
		{"vm", c.spec.VM != nil},
		{"zos", c.spec.ZOS != nil},
		{"freebsd", c.spec.FreeBSD != nil},
	}); err != nil {
		return err
	}
	if err := outOfReach(l); err != nil {
		return err
	}
	if err := checkProcess("process", c.spec.Process); err != nil {
		return err
	}
	if _, ok := c.spec.Annotations[""]; ok {
		return errors.New("annotations: a key is empty")
	}
	return nil
}

// outOfReach refuses what an ordinary user cannot have, and says why.
func outOfReach(l *specs.Linux) error {
	if len(l.NetDevices) > 0 {
		return errors.New("linux.netDevices: an ordinary user has no rights over the host's network devices and cannot move one into a container")
	}
	if l.IntelRdt != nil {
		return errors.New("linux.intelRdt: cache and bandwidth are shared out by the host's root alone (/sys/fs/resctrl)")
	}
	return nil
}

// checkProcess refuses what urun does not do for a process and checks what must hold for any. at is its JSON path.
func checkProcess(at string, p *specs.Process) error {
	if len(p.Args) == 0 || p.Args[0] == "" {
		return fmt.Errorf("%s.args: must not be empty", at)
	}
	if err := checkPath(at+".cwd", p.Cwd); err != nil {
		return err
	}
	if err := checkEnv(at+".env", p.Env); err != nil {
		return err
	}
	if p.CommandLine != "" || p.User.Username != "" {
		return fmt.Errorf("%s: commandLine and user.username are for Windows; use args, user.uid and user.gid", at)
	}
	if u := p.User.Umask; u != nil && *u > 0o777 {
		return fmt.Errorf("%s.user.umask: %d is not in 0…511 (octal 777)", at, *u)
	}
	return checkConsoleSize(at, p.ConsoleSize)
}

// checkEnv wants what environ(7) says that an environment is made of. at is its JSON path.
func checkEnv(at string, env []string) error {
	for i, e := range env {
		if strings.IndexByte(e, '=') < 1 {
			return fmt.Errorf("%s[%d]: %q is not of the form NAME=VALUE", at, i, e)
		}
	}
	return nil
}

// checkPath wants an absolute path that the kernel would take (PATH_MAX of limits.h counts the NUL). at is its JSON path.
func checkPath(at, p string) error {
	if len(p) >= unix.PathMax {
		return fmt.Errorf("%s: %d bytes are more than the %d of a path", at, len(p), unix.PathMax-1)
	}
	if !path.IsAbs(p) {
		return fmt.Errorf("%s: %q is not an absolute path", at, p)
	}
	return nil
}

// checkBelowRoot is checkPath for what is mounted over later than the root is taken hold of: over the root itself nobody would see it.
func checkBelowRoot(at, p string) error {
	if err := checkPath(at, p); err != nil {
		return err
	}
	if path.Clean(p) != "/" {
		return nil
	}
	hint := ""
	if strings.HasPrefix(at, "linux.readonlyPaths") {
		hint = "; root.readonly makes that read-only"
	}
	return fmt.Errorf("%s: / is the container's root itself%s", at, hint)
}

// checkConsoleSize refuses what would be cut to another size: the kernel has 16 bits for each side (ioctl_tty(2)).
func checkConsoleSize(at string, size *specs.Box) error {
	if size == nil {
		return nil
	}
	for _, side := range []struct {
		name  string
		value uint
	}{{"height", size.Height}, {"width", size.Width}} {
		if side.value > math.MaxUint16 {
			return fmt.Errorf("%s.consoleSize.%s: %d is not in 0…%d", at, side.name, side.value, math.MaxUint16)
		}
	}
	return nil
}

type refusal struct {
	key     string
	present bool
}

func refuse(list []refusal) error {
	for _, r := range list {
		if r.present {
			return fmt.Errorf("%s: it is for another system than Linux; remove it from config.json to run without it", r.key)
		}
	}
	return nil
}
