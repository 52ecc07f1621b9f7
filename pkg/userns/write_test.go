package userns

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/idmap"
)

// TestMain is also the child of the tests: it waits until its stdin ends.
func TestMain(m *testing.M) {
	if os.Getenv("URUN_TEST_WAIT") != "" {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// child starts a process that waits in a new user namespace without maps.
func child(t *testing.T) int {
	t.Helper()
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = []string{"URUN_TEST_WAIT=1"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWUSER}
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatalf("start a child in a user namespace: %v", err)
	}
	t.Cleanup(func() {
		_ = stdin.Close()
		_ = cmd.Wait()
	})
	return cmd.Process.Pid
}

// hasMap checks what the kernel holds for a process: file is uid_map or gid_map.
func hasMap(t *testing.T, pid int, file string, want idmap.Map) {
	t.Helper()
	b, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/" + file)
	if err != nil {
		t.Fatal(err)
	}
	got, err := idmap.Parse(b)
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%s is %v, want %v (%v)", file, got, want, err)
	}
}

// helpers are the real ones: without them these tests would test nothing, so they must be there.
func helpers(t *testing.T) Helpers {
	t.Helper()
	h := FindHelpers()
	if h.Why != "" {
		t.Fatalf("%s: install the package uidmap (Debian, Ubuntu) or shadow-utils (Fedora)", h.Why)
	}
	return h
}

// fullMaps are the largest maps of whoever runs the tests.
func fullMaps(t *testing.T) (uid, gid idmap.Map) {
	t.Helper()
	s, err := Owned(uint32(os.Getuid()))
	if err != nil {
		t.Fatal(err)
	}
	return idmap.Full(uint32(os.Getuid()), s.UIDs), idmap.Full(uint32(os.Getgid()), s.GIDs)
}

func TestWrite(t *testing.T) {
	h := helpers(t)
	uid, gid := fullMaps(t)
	if len(uid) == 1 || len(gid) == 1 {
		if os.Getuid() != 0 {
			t.Fatalf("this user has no subordinate ids: usermod --add-subuids 100000-165535 --add-subgids 100000-165535 USER")
		}
		t.Log("root without subordinate ids: one id only")
	}
	pid := child(t)
	if err := Write(pid, uid, gid, h); err != nil {
		t.Fatal(err)
	}
	hasMap(t, pid, "uid_map", uid)
	hasMap(t, pid, "gid_map", gid)
}

func TestWriteDirect(t *testing.T) {
	pid := child(t)
	uid, gid := idmap.Full(0, []idmap.Range{{Start: 100000, Count: 65536}}), idmap.Full(0, []idmap.Range{{Start: 200000, Count: 1000}})
	err := WriteDirect(pid, uid, gid)
	if os.Getuid() != 0 {
		if !errors.Is(err, unix.EPERM) || !strings.HasPrefix(err.Error(), "write /proc/") {
			t.Errorf("unprivileged: %v", err)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	hasMap(t, pid, "uid_map", uid)
	hasMap(t, pid, "gid_map", gid)
}

// A map of ids that belong to nobody here is refused by the real helpers, and the error names its line.
func TestWriteRefused(t *testing.T) {
	h := helpers(t)
	pid := child(t)
	uid := append(idmap.One(0, uint32(os.Getuid())), idmap.Full(5, []idmap.Range{{Start: 4_000_000_000, Count: 10}})[1])
	gid := idmap.One(0, uint32(os.Getgid()))
	err := Write(pid, uid, gid, h)
	var he *HelperError
	if !errors.As(err, &he) {
		t.Fatalf("got %v", err)
	}
	want := "newuidmap " + strconv.Itoa(pid) + " 0 " + strconv.Itoa(os.Getuid()) +
		" 1 1 4000000000 10: uid range [1-11) -> [4000000000-4000000010) not allowed (line 2 of the map)"
	if he.Line != 2 || err.Error() != want {
		t.Errorf("line %d, error\n%q, want\n%q", he.Line, err, want)
	}
	hasMap(t, pid, "uid_map", nil)
}

// Helpers that misbehave: each is a shell script, and a bash counts its level. Whatever they do, none is left behind.
func TestWriteEndings(t *testing.T) {
	dir := t.TempDir()
	script := func(name, body string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte("#!/bin/sh\n"+body+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
		return path
	}
	good := script("good", `[ "$(env | grep -v -e ^_= -e ^SHLVL= | sort | tr "\n" " ")" = "LC_ALL=C PWD=$PWD " ] || exit 9`)
	bad := script("bad", "echo bad: first >&2; echo second >&2; exit 3")
	quiet := script("quiet", "exit 4")
	killed := script("killed", "kill -9 $$")
	loud := script("loud", "i=0; while [ $i -lt 3000 ]; do echo 0123456789012345678901234567890123456789; i=$((i+1)); done; exit 5")
	m := idmap.One(0, 1000)
	for _, c := range []struct{ uid, gid, want string }{
		{good, good, ""},
		{bad, good, "bad 4242 0 1000 1: first; second"},
		{good, quiet, "quiet 4242 0 1000 1: exit status 4"},
		{killed, quiet, "killed 4242 0 1000 1: killed by SIGKILL; quiet 4242 0 1000 1: exit status 4"},
		{dir + "/absent", quiet, "absent 4242 0 1000 1: execute " + dir + "/absent: no such file or directory; quiet 4242 0 1000 1: exit status 4"},
	} {
		err := Write(4242, m, m, Helpers{UID: c.uid, GID: c.gid})
		if got := errText(err); got != c.want {
			t.Errorf("error %q, want %q", got, c.want)
		}
		noChildren(t)
	}
	err := Write(4242, m, m, Helpers{UID: good, GID: loud})
	if err == nil || len(err.Error()) > 6000 {
		t.Errorf("loud helper: %d bytes", len(errText(err)))
	}
	noChildren(t)
	if got := errText(Write(4242, m, m, Helpers{Why: "newuidmap is not installed"})); got != "newuidmap: newuidmap is not installed" {
		t.Errorf("unusable: %q", got)
	}
}

func TestWriteTooLong(t *testing.T) {
	var m idmap.Map
	for i := range uint32(340) {
		m = append(m, idmap.One(4_000_000_000+i, 4_000_000_000+i)...)
	}
	m = append(m, m...)
	m = append(m, m...) // more than a page of any size up to 32 KiB
	err := Write(4242, m, m, Helpers{UID: "/bin/true", GID: "/bin/true"})
	if unix.Getpagesize() == 4096 && !strings.Contains(errText(err), "the kernel takes less than a page of 4096") {
		t.Errorf("got %v", err)
	}
}

// noChildren checks that everything started has been reaped.
func noChildren(t *testing.T) {
	t.Helper()
	if _, err := unix.Wait4(-1, nil, unix.WNOHANG, nil); err != unix.ECHILD {
		t.Errorf("a child is left (%v)", err)
	}
}

func errText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func BenchmarkWrite(b *testing.B) {
	h := Helpers{UID: "/bin/true", GID: "/bin/true"}
	for b.Loop() {
		if err := Write(4242, idmap.One(0, 0), idmap.One(0, 0), h); err != nil {
			b.Fatal(err)
		}
	}
}
