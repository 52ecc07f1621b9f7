package step_test

import (
	"errors"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/step"
)

// refusing is a filter that answers call nr with errno, on any architecture, and lets the rest through.
func refusing(nr uint32, errno unix.Errno) []unix.SockFilter {
	return []unix.SockFilter{
		{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: 0}, // the number is the first word of struct seccomp_data
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, Jf: 1, K: nr},
		{Code: unix.BPF_RET, K: unix.SECCOMP_RET_ERRNO | uint32(errno)},
		{Code: unix.BPF_RET, K: unix.SECCOMP_RET_ALLOW},
	}
}

func TestSeccomp(t *testing.T) {
	filter := step.Seccomp{Insns: refusing(unix.SYS_SETHOSTNAME, unix.ENOTTY), Flags: unix.SECCOMP_FILTER_FLAG_LOG | unix.SECCOMP_FILTER_FLAG_SPEC_ALLOW}
	for name, before := range map[string][]step.Step{
		"root":           {step.Caps{Effective: 1 << unix.CAP_SYS_ADMIN, Permitted: 1 << unix.CAP_SYS_ADMIN}},
		"no_new_privs":   {step.Caps{}, step.NoNewPrivs{}},
		"another filter": {step.Seccomp{Insns: refusing(unix.SYS_UNSHARE, unix.EPERM)}},
	} {
		t.Run(name, func(t *testing.T) {
			steps := append(append(asRoot(), before...), filter)
			_, err := start(t, newWorld|unix.CLONE_NEWUTS, nil, append(steps, step.Hostname{Name: "x"})...)
			wantErrno(t, err, "hostname x", unix.ENOTTY)
			status := answer(t, newWorld, append(steps, step.GiveUp{}, saying(t, "status"))...)
			if got := field(t, status, "Seccomp"); got != "2" {
				t.Errorf("Seccomp: %s", got)
			}
		})
	}
}

// TestGiveUp: what is taken for the filter alone is gone after it.
func TestGiveUp(t *testing.T) {
	keep := step.Caps{Effective: 1 << unix.CAP_CHOWN, Permitted: 1<<unix.CAP_CHOWN | 1<<unix.CAP_KILL, Inheritable: 1 << unix.CAP_KILL}
	more := keep
	more.Effective |= 1 << unix.CAP_SYS_ADMIN
	more.Permitted |= 1 << unix.CAP_SYS_ADMIN
	c := world(t, more, step.Seccomp{Insns: refusing(unix.SYS_UNSHARE, unix.EPERM)}, step.GiveUp{Name: "CAP_SYS_ADMIN", Caps: keep})
	status := c.proc(t, "status")
	for name, want := range map[string]string{"CapEff": "1", "CapPrm": "21", "CapInh": "20"} {
		if got := strings.TrimLeft(field(t, status, name), "0"); got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
}

func TestSeccompFails(t *testing.T) {
	allow := []unix.SockFilter{{Code: unix.BPF_RET, K: unix.SECCOMP_RET_ALLOW}}
	for _, tc := range []struct {
		errno unix.Errno
		steps []step.Step
		s     step.Seccomp
		text  string
	}{
		{unix.EACCES, []step.Step{step.Caps{}}, step.Seccomp{Insns: allow}, "seccomp filter of 1 instructions: permission denied: it needs process.noNewPrivileges"},
		{unix.EINVAL, nil, step.Seccomp{Insns: allow, Flags: 1 << 30}, "does not know one of its flags"},
		{unix.EINVAL, nil, step.Seccomp{Insns: allow[:0]}, "does not know one of its flags"},
		{unix.EBUSY, []step.Step{step.Seccomp{Insns: allow, Flags: unix.SECCOMP_FILTER_FLAG_NEW_LISTENER}},
			step.Seccomp{Insns: allow, Flags: unix.SECCOMP_FILTER_FLAG_NEW_LISTENER}, "has an agent already"},
	} {
		_, err := start(t, newWorld, nil, append(append(asRoot(), tc.steps...), tc.s)...)
		if f := wantErrno(t, err, tc.s.String(), tc.errno); !strings.Contains(f.explain, tc.text) {
			t.Errorf("explained as %q, want %q", f.explain, tc.text)
		}
	}
}

// TestSeccompListener: the parent can take the descriptor out of the process before that goes on.
func TestSeccompListener(t *testing.T) {
	s := step.Seccomp{
		Insns: refusing(unix.SYS_UNSHARE, unix.EPERM), Flags: unix.SECCOMP_FILTER_FLAG_NEW_LISTENER, Listener: "/nowhere",
	}
	c, err := start(t, newWorld, nil, append(asRoot(), step.Undumpable{}, s, step.Ready{})...)
	var asked *listening
	if !errors.As(err, &asked) {
		t.Fatalf("the parent is not asked: %v", err)
	}
	pidfd, err := unix.PidfdOpen(c.pid, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(pidfd)
	fd, err := unix.PidfdGetfd(pidfd, asked.fd, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	if got := target(fd); got != "anon_inode:seccomp notify" {
		t.Errorf("the descriptor is %s", got)
	}
	if _, err := unix.Write(c.sock, []byte{1}); err != nil || c.follow(nil) != nil || !c.ready {
		t.Errorf("it does not go on: %v", err)
	}
}
