package test

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"net"
	"path/filepath"
	"testing"
	"unsafe"

	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"
)

func seccomp(s specs.LinuxSeccomp) change { return func(spec *specs.Spec) { spec.Linux.Seccomp = &s } }

func noNewPrivs(on bool) change { return func(s *specs.Spec) { s.Process.NoNewPrivileges = on } }

// refusing is a filter that answers calls of that name with ENOTTY, an errno that they never have otherwise.
func refusing(names ...string) specs.LinuxSeccomp {
	errno := uint(unix.ENOTTY)
	return specs.LinuxSeccomp{
		DefaultAction: specs.ActAllow,
		Syscalls:      []specs.LinuxSyscall{{Names: names, Action: specs.ActErrno, ErrnoRet: &errno}},
	}
}

func grants(caps ...string) change {
	return process(func(p *specs.Process) {
		p.Capabilities = &specs.LinuxCapabilities{Bounding: caps, Effective: caps, Permitted: caps}
	})
}

// TestSeccomp: the filter holds for the container's process and for exec's, with and without no_new_privs, for root and others,
// and nobody keeps the capability that only its loading took.
func TestSeccomp(t *testing.T) {
	for name, tc := range map[string]struct {
		nnp bool
		uid uint32
	}{"root": {false, 0}, "user": {false, 1}, "root without new privileges": {true, 0}, "user without new privileges": {true, 1}} {
		t.Run(name, func(t *testing.T) {
			want := []string{"sethostname ENOTTY", "keyctl ENOTTY", "2", "CapPrm=0000000000000020"}
			if tc.uid != 0 {
				want[3] = "CapPrm=0000000000000000"
			}
			changes := []change{seccomp(refusing("sethostname", "keyctl")), noNewPrivs(tc.nnp), user(tc.uid, tc.uid), grants("CAP_KILL")}
			const ask = "call sethostname keyctl -- seccomp -- caps CapPrm"
			newCaller(t).run(append(changes, inside(ask))...).exits(0).prints(want...).silent()
			sleeper(t, changes...).exec("", ask).exits(0).prints(want...).silent()
		})
	}
}

func TestSeccompKills(t *testing.T) {
	s := refusing("sethostname")
	s.Syscalls[0].Action, s.Syscalls[0].ErrnoRet = specs.ActKillProcess, nil
	newCaller(t).run(seccomp(s), inside("print before -- call sethostname -- print after")).exits(128 + int(unix.SIGSYS)).prints("before")
	c := sleeper(t, seccomp(s))
	c.exec("", "call sethostname").exits(128 + int(unix.SIGSYS))
	c.exec("", "call getpriority").exits(0).prints("getpriority 0")
}

// TestSeccompFiltersUrunItself: a filter that refuses even the runtime's last calls is met with an explanation.
func TestSeccompThatStopsTheCommand(t *testing.T) {
	newCaller(t).run(seccomp(refusing("execve")), inside("id")).refuses(1, `exec: "/inside": inappropriate ioctl`)
}

func TestSeccompSkipsUnknownNames(t *testing.T) {
	c := newCaller(t)
	c.flags = []string{"--debug"}
	c.run(seccomp(refusing("sethostname", "no_such_call")), inside("call sethostname")).exits(0).prints("sethostname ENOTTY").
		complains("linux.seccomp: no_such_call is unknown here and says nothing")
}

// TestSeccompNewerCalls: what the profile could not know of yet is not there, so that programs fall back on what is.
func TestSeccompNewerCalls(t *testing.T) {
	errno := uint(unix.EPERM)
	s := specs.LinuxSeccomp{DefaultAction: specs.ActAllow, Syscalls: []specs.LinuxSyscall{{Names: []string{"sethostname"}, Action: specs.ActErrno, ErrnoRet: &errno}}}
	newCaller(t).run(seccomp(s), inside("call sethostname unknown")).exits(0).prints("sethostname EPERM", "unknown ENOSYS")
}

// An agent decides about system calls in another's place (seccomp_unotify(2)).
type agent struct {
	t      *testing.T
	path   string
	states chan specs.ContainerProcessState
}

func newAgent(t *testing.T, dir string) *agent {
	t.Helper()
	a := &agent{t: t, path: filepath.Join(dir, "agent.sock"), states: make(chan specs.ContainerProcessState, 4)}
	l, err := net.Listen("unix", a.path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			a.serve(conn.(*net.UnixConn))
		}
	}()
	return a
}

func (a *agent) serve(conn *net.UnixConn) {
	defer conn.Close()
	data, rights := make([]byte, 1<<16), make([]byte, unix.CmsgSpace(4))
	n, k, _, _, err := conn.ReadMsgUnix(data, rights)
	var state specs.ContainerProcessState
	if err == nil {
		err = json.Unmarshal(data[:n], &state)
	}
	messages, _ := unix.ParseSocketControlMessage(rights[:k])
	if err != nil || len(messages) != 1 {
		a.t.Errorf("the agent reads %q: %v", data[:n], err)
		return
	}
	fds, _ := unix.ParseUnixRights(&messages[0])
	a.states <- state
	go decide(fds[0])
}

// decide answers sethostname with ENOTTY and lets everything else happen, until nobody is left who could ask.
func decide(fd int) {
	defer unix.Close(fd)
	for {
		if n, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, -1); n != 1 && err != unix.EINTR {
			return
		}
		var ask [80]byte    // struct seccomp_notif: id, pid and flags, then struct seccomp_data
		var answer [24]byte // struct seccomp_notif_resp: id, value, errno, flags
		if _, _, e := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), unix.SECCOMP_IOCTL_NOTIF_RECV, uintptr(unsafe.Pointer(&ask))); e == unix.ENOENT || e == unix.EINTR {
			continue
		} else if e != 0 {
			return
		}
		copy(answer[:8], ask[:8])
		if binary.NativeEndian.Uint32(ask[16:]) == unix.SYS_SETHOSTNAME {
			binary.NativeEndian.PutUint32(answer[16:], ^uint32(unix.ENOTTY)+1)
		} else {
			binary.NativeEndian.PutUint32(answer[20:], unix.SECCOMP_USER_NOTIF_FLAG_CONTINUE)
		}
		_, _, _ = unix.Syscall(unix.SYS_IOCTL, uintptr(fd), unix.SECCOMP_IOCTL_NOTIF_SEND, uintptr(unsafe.Pointer(&answer)))
	}
}

// asking is a filter that asks the agent about these calls.
func asking(path string, names ...string) specs.LinuxSeccomp {
	return specs.LinuxSeccomp{
		DefaultAction: specs.ActAllow, ListenerPath: path, ListenerMetadata: "of the test",
		Syscalls: []specs.LinuxSyscall{{Names: names, Action: specs.ActNotify}},
	}
}

// heard checks what the agent was told last.
func (a *agent) heard(c *caller, status specs.ContainerState) {
	a.t.Helper()
	var got specs.ContainerProcessState
	select {
	case got = <-a.states:
	default:
		a.t.Fatal("the agent was told nothing")
	}
	if fmt.Sprint(got.Fds) != "[seccompFd]" || got.Metadata != "of the test" || got.Version == "" || got.Pid == 0 {
		a.t.Errorf("the agent was told %+v", got)
	}
	if s := got.State; s.ID != c.id || s.Status != status || s.Bundle == "" || (s.Pid == got.Pid) != (status == specs.StateCreated) {
		a.t.Errorf("the agent was told the state %+v of process %d, want status %s", s, got.Pid, status)
	}
}

// TestSeccompAgent: an agent decides, even about calls that the process makes while it is being set up, by whichever command it
// is started.
func TestSeccompAgent(t *testing.T) {
	for name, nnp := range map[string]bool{"with new privileges": false, "without": true} {
		t.Run(name, func(t *testing.T) {
			c := newCaller(t)
			a := newAgent(t, c.dir)
			filter := seccomp(asking(a.path, "sethostname", "sendmsg", "read", "capset", "prctl", "execve"))
			c.run(filter, noNewPrivs(nnp), inside("call sethostname")).exits(0).prints("sethostname ENOTTY").silent()
			a.heard(c, specs.StateCreated)
			c.created(filter, noNewPrivs(nnp), inside("forever"))
			c.must("start", c.id)
			a.heard(c, specs.StateCreated)
			c.exec("", "call sethostname").exits(0).prints("sethostname ENOTTY").silent()
			a.heard(c, specs.StateRunning)
		})
	}
}

func TestSeccompAgentMissing(t *testing.T) {
	c := newCaller(t)
	at := func(path string) change { return seccomp(asking(path, "sethostname")) }
	c.run(at(c.dir+"/missing"), inside("id")).refuses(1, "linux.seccomp.listenerPath", "/missing", "start the agent first")
	c.run(at(c.dir), inside("id")).refuses(1, "linux.seccomp.listenerPath", "is not a socket")
	dead := filepath.Join(c.dir, "dead.sock")
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	if err == nil {
		err = unix.Bind(fd, &unix.SockaddrUnix{Name: dead})
	}
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	c.run(at(dead), inside("id")).refuses(1, "linux.seccomp.listenerPath", "dead.sock", "connection refused")
	c.run(seccomp(func() specs.LinuxSeccomp { s := refusing("sethostname"); s.ListenerPath = c.dir + "/missing"; return s }()), inside("id")).exits(0) // nobody is asked
}

// TestSpecHasAFilter: the container of a fresh bundle is filtered, unless that is left out.
func TestSpecHasAFilter(t *testing.T) {
	c := newCaller(t)
	c.run(inside("seccomp -- call unshare keyctl")).exits(0).prints("2", "unshare EPERM", "keyctl EPERM")
	c.must("spec", "--no-seccomp", "-b", c.dir)
	if s := readSpec(t, c.dir); s.Linux.Seccomp != nil {
		t.Errorf("a filter of %d rules", len(s.Linux.Seccomp.Syscalls))
	}
}

// TestSeccompIsKept: the compiled filter serves the next container, and what is not it is not taken for it.
func TestSeccompIsKept(t *testing.T) {
	c := newCaller(t)
	dir := c.bundle(inside("call sethostname"), seccomp(refusing("sethostname")))
	kept := func() []string {
		found, _ := filepath.Glob(c.runtimeDir + "/urun/kept~/seccomp-*")
		return found
	}
	for _, spoil := range []string{"", "rubbish"} {
		c.urun("run", "-b", dir, c.id).exits(0).prints("sethostname ENOTTY")
		first := kept()
		if len(first) != 1 {
			t.Fatalf("kept are %q", first)
		}
		if spoil != "" {
			writeFile(t, first[0], spoil)
		}
		c.urun("run", "-b", dir, c.id).exits(0).prints("sethostname ENOTTY")
		if got := readFile(t, first[0]); got == spoil {
			t.Error("what is no filter stays")
		}
	}
}
