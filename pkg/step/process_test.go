package step_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/step"
)

// capSets reads the five sets of a process: inheritable, permitted, effective, bounding, ambient.
func capSets(t *testing.T, status string) string {
	t.Helper()
	var sets []string
	for _, name := range []string{"CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"} {
		sets = append(sets, strings.TrimLeft(field(t, status, name), "0")+";")
	}
	return strings.Join(sets, " ")
}

// lastCap is the newest capability of this kernel.
func lastCap(t *testing.T) (n int) {
	t.Helper()
	if _, err := fmt.Sscan(read(t, "/proc/sys/kernel/cap_last_cap"), &n); err != nil {
		t.Fatal(err)
	}
	return n
}

const (
	chown    = 1 << unix.CAP_CHOWN
	netBind  = 1 << unix.CAP_NET_BIND_SERVICE
	sysAdmin = 1 << unix.CAP_SYS_ADMIN
)

func TestCapabilities(t *testing.T) {
	for name, tc := range map[string]struct {
		caps step.Caps
		want string
	}{
		"none":      {step.Caps{}, "; ; ; 401; ;"},
		"permitted": {step.Caps{Permitted: chown}, "; 1; ; 401; ;"},
		"effective": {step.Caps{Permitted: chown | netBind, Effective: netBind}, "; 401; 400; 401; ;"},
		"ambient":   {step.Caps{Permitted: chown, Effective: chown, Inheritable: chown, Ambient: chown}, "1; 1; 1; 401; 1;"},
		"beyond 32": {step.Caps{Permitted: 1 << unix.CAP_BPF}, "; 8000000000; ; 401; ;"},
	} {
		t.Run(name, func(t *testing.T) {
			steps := append(as(1000, 1000), step.Bounding{Keep: chown | netBind, Last: lastCap(t)}, step.User{UID: 1000, GID: 1000}, tc.caps)
			c, err := start(t, newWorld, nil, append(steps, step.Ready{})...)
			if err != nil {
				t.Fatal(err)
			}
			if got := capSets(t, c.proc(t, "status")); got != tc.want {
				t.Errorf("the sets are %s want %s", got, tc.want)
			}
		})
	}
}

func TestCapabilitiesNotPermitted(t *testing.T) {
	s := step.Caps{Effective: sysAdmin}
	_, err := start(t, newWorld, nil, append(asRoot(), s)...)
	wantErrno(t, err, "capabilities effective 0x200000 permitted 0x0", unix.EPERM)
}

// TestAmbientSurvivesExec: they are the only ones that a user who is not root carries into the command.
func TestAmbientSurvivesExec(t *testing.T) {
	sets := step.Caps{Permitted: chown | netBind, Effective: chown, Inheritable: netBind, Ambient: netBind}
	status := answer(t, newWorld, append(as(1000, 1000), step.User{UID: 1000, GID: 1000}, sets, saying(t, "status"))...)
	if got := capSets(t, status); !strings.HasPrefix(got, "400; 400; 400; ") || !strings.HasSuffix(got, " 400;") {
		t.Errorf("after exec the sets are %s", got)
	}
}

func TestNoNewPrivs(t *testing.T) {
	for want, steps := range map[string][]step.Step{"0": nil, "1": {step.NoNewPrivs{}}} {
		if got := field(t, world(t, steps...).proc(t, "status"), "NoNewPrivs"); got != want {
			t.Errorf("NoNewPrivs is %s, want %s", got, want)
		}
	}
}

func TestRlimit(t *testing.T) {
	c := world(t, step.Rlimit{Name: "RLIMIT_NOFILE", Resource: unix.RLIMIT_NOFILE, Soft: 50, Hard: 60},
		step.Rlimit{Name: "RLIMIT_CORE", Resource: unix.RLIMIT_CORE})
	limits := strings.Join(strings.Fields(c.proc(t, "limits")), " ")
	for _, want := range []string{"Max open files 50 60 files", "Max core file size 0 0 bytes"} {
		if !strings.Contains(limits, want) {
			t.Errorf("limits are %s, want %s", limits, want)
		}
	}
}

// TestRlimitAboveHard: as an ordinary user, and as root of a user namespace that is none on the host.
func TestRlimitAboveHard(t *testing.T) {
	low := step.Rlimit{Name: "RLIMIT_NOFILE", Resource: unix.RLIMIT_NOFILE, Soft: 50, Hard: 60}
	high := low
	high.Hard = 61
	_, err := start(t, newWorld, nil, append(asRoot(), low, high)...)
	f := wantErrno(t, err, "rlimit RLIMIT_NOFILE 50:61", unix.EPERM)
	want := "rlimit RLIMIT_NOFILE 50:61: operation not permitted: an ordinary user cannot raise a hard limit (see ulimit -H)"
	if f.explain != want {
		t.Errorf("explained as %q", f.explain)
	}
	if text := low.Explain(unix.EINVAL); text != "" {
		t.Errorf("EINVAL is explained as %q", text)
	}
}

func TestCwd(t *testing.T) {
	rootfs := tree(t, map[string]string{"home/": "", "link": "-> home"})
	for path, want := range map[string]string{"/home": "/home", "/link": "/home", "/": "/"} {
		c := world(t, append(inside(rootfs), step.Cwd{Path: path})...)
		if got, err := os.Readlink(fmt.Sprintf("/proc/%d/cwd", c.pid)); got != want {
			t.Errorf("%s leads to %s (%v)", path, got, err)
		}
	}
}

// TestCwdStaysInside: a descriptor that leaked from the host must not carry the process out (CVE-2024-21626).
func TestCwdStaysInside(t *testing.T) {
	rootfs := tree(t, map[string]string{"proc/": "", "file": "", "dir/": ""})
	leaked, err := unix.Open("/", unix.O_PATH|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(leaked)
	for path, errno := range map[string]unix.Errno{
		fmt.Sprintf("/proc/self/fd/%d", leaked):        unix.ELOOP,
		fmt.Sprintf("/proc/self/fd/%d/../", leaked):    unix.ELOOP,
		fmt.Sprintf("/proc/thread-self/fd/%d", leaked): unix.ELOOP,
		"/proc/self/cwd": unix.ELOOP,
		"/missing":       unix.ENOENT,
		"/file":          unix.ENOTDIR,
	} {
		steps := inside(rootfs, step.Mount{Type: "proc", Source: "proc", Dest: "/proc"})
		s := step.Cwd{Path: path}
		_, err := start(t, newWorld|unix.CLONE_NEWPID, nil, append(append(asRoot(), steps...), s)...)
		f := wantErrno(t, err, "change to "+path, errno)
		if errno != unix.ENOTDIR && !strings.HasPrefix(f.explain, "change to "+path+": ") {
			t.Errorf("explained as %q", f.explain)
		}
	}
}
