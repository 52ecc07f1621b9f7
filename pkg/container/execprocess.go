package container

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	specs "github.com/opencontainers/runtime-spec/specs-go"

	"github.com/urun/urun/pkg/bundle"
	"github.com/urun/urun/pkg/plan"
)

// execProcess is the process that exec asks for: the file of --process as it is, or the container's own process with what
// the flags say changed.
func execProcess(base *specs.Process, o ExecOptions) (*specs.Process, error) {
	if o.ProcessFile != "" {
		p, err := readProcess(o.ProcessFile, o.TTY)
		if err == nil {
			inherit(p, base)
		}
		return p, err
	}
	p := *base
	p.Args, p.Terminal, p.ConsoleSize = o.Args, o.TTY, nil
	p.Env = append(p.Env[:len(p.Env):len(p.Env)], o.Env...)
	p.ApparmorProfile = cmp.Or(o.Apparmor, p.ApparmorProfile)
	p.SelinuxLabel = cmp.Or(o.ProcessLabel, p.SelinuxLabel)
	if o.Cwd != "" {
		p.Cwd = o.Cwd
	}
	if o.NoNewPrivs != nil {
		p.NoNewPrivileges = *o.NoNewPrivs
	}
	if o.User != "" {
		u, err := parseUser(o.User)
		if err != nil {
			return nil, err
		}
		u.Umask = p.User.Umask
		p.User = u
	}
	p.User.AdditionalGids = append(p.User.AdditionalGids[:len(p.User.AdditionalGids):len(p.User.AdditionalGids)], o.AdditionalGids...)
	for _, name := range o.Caps { // one in a config may come from a program that knows newer ones; here somebody has typed it
		if !slices.Contains(plan.CapNames(), name) {
			return nil, fmt.Errorf("--cap %q: unknown capability; they are called CAP_CHOWN, CAP_KILL and so on (capabilities(7))", name)
		}
	}
	p.Capabilities = withCaps(p.Capabilities, o.Caps)
	return &p, nil
}

func readProcess(file string, tty bool) (*specs.Process, error) {
	p, err := bundle.LoadProcess(file)
	if err != nil {
		return nil, fmt.Errorf("--process: %w", err)
	}
	p.Terminal = p.Terminal || tty
	return p, nil
}

// withCaps adds capabilities to the sets that matter to root; inheritable stays as it is (CVE-2022-29162).
func withCaps(base *specs.LinuxCapabilities, add []string) *specs.LinuxCapabilities {
	if len(add) == 0 {
		return base
	}
	caps := specs.LinuxCapabilities{}
	if base != nil {
		caps = *base
	}
	for _, set := range []*[]string{&caps.Bounding, &caps.Effective, &caps.Permitted} {
		*set = append((*set)[:len(*set):len(*set)], add...)
	}
	return &caps
}

// parseUser reads UID[:GID]. Nothing is guessed: a wrong reading could mean root (CVE-2026-30892).
func parseUser(text string) (specs.User, error) {
	uid, gid, both := strings.Cut(text, ":")
	u, err := parseID(uid)
	if err != nil {
		return specs.User{}, fmt.Errorf("--user %q: want UID[:GID] in decimal digits: %w", text, err)
	}
	if !both {
		return specs.User{UID: u}, nil
	}
	g, err := parseID(gid)
	if err != nil {
		return specs.User{}, fmt.Errorf("--user %q: want UID[:GID] in decimal digits: %w", text, err)
	}
	return specs.User{UID: u, GID: g}, nil
}

func parseID(s string) (uint32, error) {
	if s == "" || strings.Trim(s, "0123456789") != "" {
		return 0, fmt.Errorf("%q is not a number", s)
	}
	n, err := strconv.ParseUint(s, 10, 32)
	if err != nil || n == 1<<32-1 {
		return 0, fmt.Errorf("%s is out of range", s)
	}
	return uint32(n), nil
}
