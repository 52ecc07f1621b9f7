package seccomp

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"
)

// rule1 is a rule for one name.
func rule1(name string, action specs.LinuxSeccompAction, args ...specs.LinuxSeccompArg) specs.LinuxSyscall {
	return specs.LinuxSyscall{Names: []string{name}, Action: action, Args: args}
}

func arg(index uint, op specs.LinuxSeccompOperator, value uint64, two ...uint64) specs.LinuxSeccompArg {
	a := specs.LinuxSeccompArg{Index: index, Value: value, Op: op}
	if two != nil {
		a.ValueTwo = two[0]
	}
	return a
}

// goNeeds are calls without which a Go program does not live to tell.
var goNeeds = specs.LinuxSyscall{Action: specs.ActAllow, Names: strings.Fields(`read write close futex mmap munmap madvise
	mprotect brk rt_sigaction rt_sigreturn rt_sigprocmask sigaltstack nanosleep clock_nanosleep clock_gettime getpid gettid
	tgkill sched_yield epoll_create1 epoll_ctl epoll_pwait eventfd2 fcntl clone exit exit_group getrandom pipe2 personality
	mmap2 futex_time64 clock_gettime64 clock_nanosleep_time64 fcntl64 set_thread_area`)}

// TestKernelAnswers: what the filter says, the kernel answers.
func TestKernelAnswers(t *testing.T) {
	const high = 1 << (strconv.IntSize - 8)
	e38 := uint(38)
	refuse := &specs.LinuxSeccomp{DefaultAction: specs.ActErrno, Syscalls: []specs.LinuxSyscall{
		goNeeds,
		rule1("personality", specs.ActAllow, arg(0, specs.OpEqualTo, 0xffffffff)), // goNeeds wins: no condition
		rule1("dup", specs.ActAllow, arg(0, specs.OpGreaterThan, high)),
		rule1("getpgid", specs.ActAllow, arg(0, specs.OpMaskedEqual, 0xf0, 0x10)),
		{Names: []string{"getsid"}, Action: specs.ActErrno, ErrnoRet: &e38},
		rule1("faccessat2", specs.ActLog),
	}}
	calls := []struct {
		name string
		call [7]uint64
		want unix.Errno
	}{
		{"personality", [7]uint64{unix.SYS_PERSONALITY, 0xffffffff}, 0},
		{"default", [7]uint64{unix.SYS_GETPPID}, unix.EPERM},
		{"argument too small", [7]uint64{unix.SYS_DUP, high - 1}, unix.EPERM},
		{"argument equal", [7]uint64{unix.SYS_DUP, high}, unix.EPERM},
		{"argument larger", [7]uint64{unix.SYS_DUP, high + 0xffff}, unix.EBADF},
		{"mask fits", [7]uint64{unix.SYS_GETPGID, 0x7fffff1f}, unix.ESRCH},
		{"mask does not fit", [7]uint64{unix.SYS_GETPGID, 0}, unix.EPERM},
		{"errnoRet", [7]uint64{unix.SYS_GETSID}, unix.ENOSYS},
		{"log goes on", [7]uint64{unix.SYS_FACCESSAT2, 0, 0, 0, 0}, unix.EFAULT},
		{"older than the newest", [7]uint64{unix.SYS_FACCESSAT2 - 1}, unix.EPERM},
		{"newer than the newest", [7]uint64{unix.SYS_FACCESSAT2 + 1}, unix.ENOSYS},
		{"far newer", [7]uint64{5000}, unix.ENOSYS},
	}
	j := job{Section: refuse}
	for _, c := range calls {
		j.Calls = append(j.Calls, c.call)
	}
	for i, got := range j.errnos(t) {
		if got != calls[i].want {
			t.Errorf("%s: %d (%v), want %v", calls[i].name, int(got), got, calls[i].want)
		}
	}
}

// TestKernelKills: the actions that end a process.
func TestKernelKills(t *testing.T) {
	for _, action := range []specs.LinuxSeccompAction{specs.ActKill, specs.ActKillThread, specs.ActKillProcess} {
		j := job{Exec: []string{"/bin/uname"}, Section: &specs.LinuxSeccomp{DefaultAction: specs.ActAllow,
			Syscalls: []specs.LinuxSyscall{rule1("uname", action)}}}
		if _, _, status := j.run(t); !status.Signaled() || status.Signal() != unix.SIGSYS {
			t.Errorf("%s: status %#x, want death by SIGSYS", action, int(status))
		}
	}
	j := job{Calls: [][7]uint64{{unix.SYS_GETPPID}}, Section: &specs.LinuxSeccomp{DefaultAction: specs.ActAllow,
		Syscalls: []specs.LinuxSyscall{rule1("getppid", specs.ActTrap)}}}
	if _, stderr, _ := j.run(t); !strings.Contains(stderr, "SIGSYS") {
		t.Errorf("trap: no SIGSYS in %.300q", stderr)
	}
	// Nobody traces: a call for the tracer is ENOSYS.
	j.Section.Syscalls[0].Action = specs.ActTrace
	if got := j.errnos(t); got[0] != unix.ENOSYS {
		t.Errorf("trace: %v", got)
	}
}

// TestKernelTakesFlags: every set of flags that a section can lead to is one that seccomp(2) takes.
func TestKernelTakesFlags(t *testing.T) {
	names := Flags()
	for set := range 1 << len(names) {
		for _, notify := range []bool{false, true} {
			s := &specs.LinuxSeccomp{DefaultAction: specs.ActAllow, Syscalls: []specs.LinuxSyscall{rule1("getsid", specs.ActErrno)}}
			for i, name := range names {
				if set&(1<<i) != 0 {
					s.Flags = append(s.Flags, specs.LinuxSeccompFlag(name))
				}
			}
			if notify {
				s.ListenerPath = "/run/listener"
				s.Syscalls = append(s.Syscalls, rule1("swapon", specs.ActNotify))
			}
			j := job{Section: s, Calls: [][7]uint64{{unix.SYS_GETSID}}}
			if got := j.errnos(t); !slices.Equal(got, []unix.Errno{unix.EPERM}) {
				t.Errorf("%v notify %v: %v", s.Flags, notify, got)
			}
		}
	}
}
