package step_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/step"
)

// machine is start in all the namespaces that make a machine of its own, where steps must succeed.
func machine(t *testing.T, steps ...step.Step) *child {
	t.Helper()
	flags := uint64(newWorld | unix.CLONE_NEWUTS | unix.CLONE_NEWNET | unix.CLONE_NEWIPC | unix.CLONE_NEWPID)
	c, err := start(t, flags, nil, append(append(asRoot(), steps...), step.Ready{})...)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestNames reads the names back by way of a process that joins: only it sees them.
func TestNames(t *testing.T) {
	c := machine(t, step.Hostname{Name: "web"}, step.Domainname{Name: "example"})
	pidfd, err := unix.PidfdOpen(c.pid, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(pidfd)
	var ours unix.Utsname
	if err := unix.Uname(&ours); err != nil {
		t.Fatal(err)
	}
	joined := func(flags uint64) []byte {
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		inputs := map[string]int{"target": pidfd, "out": int(w.Fd())}
		_, err = start(t, 0, inputs, step.Join{Input: "target", Flags: flags, From: "it"}, uname{}, step.Ready{})
		w.Close()
		if err != nil {
			t.Fatal(err)
		}
		b := make([]byte, 6*65)
		if n, _ := r.Read(b); n != len(b) {
			t.Fatalf("uname gave %d bytes", n)
		}
		return b
	}
	b := joined(unix.CLONE_NEWUSER | unix.CLONE_NEWUTS)
	if host, domain := unix.ByteSliceToString(b[65:]), unix.ByteSliceToString(b[5*65:]); host != "web" || domain != "example" {
		t.Errorf("inside it is %s.%s", host, domain)
	}
	if unix.ByteSliceToString(ours.Nodename[:]) == "web" {
		t.Error("the host's own name has changed")
	}
}

func TestLoopback(t *testing.T) {
	c := machine(t, step.Loopback{})
	table := c.proc(t, "net/fib_trie") // the addresses of all interfaces that are up
	if !strings.Contains(table, "127.0.0.1") {
		t.Errorf("127.0.0.1 is not among the addresses:\n%s", table)
	}
	if table := machine(t).proc(t, "net/fib_trie"); strings.Contains(table, "127.0.0.1") {
		t.Error("lo is up without the step: the test shows nothing")
	}
}

func TestSysctlPath(t *testing.T) {
	for key, want := range map[string]string{
		"net.ipv4.ip_forward":             "/proc/sys/net/ipv4/ip_forward",
		"net/ipv4/ip_forward":             "/proc/sys/net/ipv4/ip_forward",
		"net.ipv4.conf.eth0/1.forwarding": "/proc/sys/net/ipv4/conf/eth0.1/forwarding",
		"net/ipv4/conf/eth0.1/forwarding": "/proc/sys/net/ipv4/conf/eth0.1/forwarding",
	} {
		if got := (step.Sysctl{Key: key}).Path(); got != want {
			t.Errorf("%s is %s, want %s (sysctl(8))", key, got, want)
		}
	}
}

func TestSysctl(t *testing.T) {
	const key = "net.ipv4.ip_unprivileged_port_start"
	c := machine(t, step.Sysctl{Key: key, Value: "81"})
	if got := read(t, step.Sysctl{Key: key}.Path()); got == "81\n" {
		t.Fatal("the host's own parameter has changed")
	}
	pidfd, err := unix.PidfdOpen(c.pid, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(pidfd)
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	inputs := map[string]int{"target": pidfd, "out": int(w.Fd())}
	_, err = start(t, 0, inputs, step.Join{Input: "target", Flags: unix.CLONE_NEWUSER | unix.CLONE_NEWNET, From: "it"},
		show{step.Sysctl{Key: key}.Path()}, step.Ready{})
	if err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 16)
	if n, _ := r.Read(buf); string(buf[:n]) != "81\n" {
		t.Errorf("inside it is %q", buf[:n])
	}
}

func TestSysctlMissing(t *testing.T) {
	_, err := start(t, newWorld, nil, append(asRoot(), step.Sysctl{Key: "net.no.such.thing", Value: "1"})...)
	wantErrno(t, err, "sysctl net.no.such.thing=1", unix.ENOENT)
}

func TestOOMScore(t *testing.T) {
	if got := world(t, step.OOMScore{Adj: 1000}).proc(t, "oom_score_adj"); got != "1000\n" {
		t.Errorf("oom_score_adj is %q", got)
	}
}

// TestKeyring: the session keyring of the process is one that its parent does not have.
func TestKeyring(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	_, err = start(t, newWorld, map[string]int{"out": int(w.Fd())}, append(asRoot(), step.Keyring{Name: "_ses.urun-test"},
		show{"/proc/keys"}, step.Ready{})...)
	if err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 4096)
	if n, _ := r.Read(buf); !strings.Contains(string(buf[:n]), "_ses.urun-test") {
		t.Errorf("the process possesses:\n%s", buf[:n])
	}
}

func TestUmask(t *testing.T) {
	c := world(t, step.Umask{Mask: 0o27})
	if got := field(t, c.proc(t, "status"), "Umask"); got != fmt.Sprintf("%04o", 0o27) {
		t.Errorf("umask is %s", got)
	}
}
