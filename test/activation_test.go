package test

import (
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
)

// managed is a command as a service manager starts it: with sockets from descriptor 3 on, and LISTEN_PID its own.
func managed(script string) []string {
	return []string{"sh", "-c", `export LISTEN_PID=$$; ` + script + `exec "$@"`, "sh"}
}

// TestSocketActivation: the sockets of a service manager reach the container's process, which is told of them with its own
// pid; others that --preserve-fds asks for come behind.
func TestSocketActivation(t *testing.T) {
	c := newCaller(t)
	var files []*os.File
	var paths []string
	for _, name := range []string{"a", "b"} {
		l, err := net.Listen("unix", c.dir+"/"+name)
		if err != nil {
			t.Fatal(err)
		}
		f, err := l.(*net.UnixListener).File()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _, _ = l.Close(), f.Close() })
		files, paths = append(files, f), append(paths, l.Addr().String())
	}
	more, err := os.Open("/dev/null")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = more.Close() }()
	give := func(cmd *exec.Cmd) { cmd.ExtraFiles = append(append([]*os.File{}, files...), more) }
	c.wrap = managed("LISTEN_FDS=2 LISTEN_FDNAMES=web:admin; export LISTEN_FDS LISTEN_FDNAMES;")
	dir := c.bundle(inside("accept -- fds"))
	l := c.launch(give, "run", "--preserve-fds", "1", "-b", dir, c.id)
	for i, path := range paths {
		conn, err := net.Dial("unix", path)
		if err != nil {
			t.Fatal(err)
		}
		if answer, err := io.ReadAll(conn); string(answer) != fmt.Sprintf("descriptor %d of web:admin\n", 3+i) {
			t.Errorf("socket %d answers %q (%v)", i, answer, err)
		}
	}
	l.wait().exits(0).mentions("5\n")

	c.wrap = managed("LISTEN_FDS=9; export LISTEN_FDS;")
	c.urun("run", "-b", dir, c.id).refuses(1, "LISTEN_FDS=9: descriptor ", " is not open")
	c.wrap = []string{"env", "LISTEN_FDS=2", "LISTEN_PID=1"} // somebody else's
	plain := c.bundle(inside("fds -- env LISTEN_FDS"))
	c.launch(give, "run", "-b", plain, c.id).wait().exits(1).prints("0", "1", "2").complains("not set")
}

// TestSocketActivationWithoutAPidNamespace: the process's own pid cannot be foretold.
func TestSocketActivationWithoutAPidNamespace(t *testing.T) {
	c := newCaller(t)
	null, err := os.Open("/dev/null")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = null.Close() }()
	c.wrap = managed("LISTEN_FDS=1; export LISTEN_FDS;")
	dir := c.bundle(withoutNamespace(specs.PIDNamespace), withoutMount("/proc"), inside("env LISTEN_FDS -- readfd 3"))
	c.launch(func(cmd *exec.Cmd) { cmd.ExtraFiles = []*os.File{null} }, "run", "-b", dir, c.id).wait().exits(1).
		complains("URUN-FDS-001", "env LISTEN_FDS: not set")
}

// TestNotifySocket: what the container says reaches the service manager.
func TestNotifySocket(t *testing.T) {
	for name, ro := range map[string]bool{"writable root": false, "read-only root": true} {
		t.Run(name, func(t *testing.T) {
			c := newCaller(t)
			path := c.dir + "/notify"
			manager, err := net.ListenPacket("unixgram", path)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = manager.Close() }()
			c.env = append(c.env, "NOTIFY_SOCKET="+path)
			c.run(readonlyRoot(ro), inside("notify READY=1 -- env NOTIFY_SOCKET")).exits(0).prints("/run/notify/notify.sock")
			buf := make([]byte, 100)
			n, _, err := manager.ReadFrom(buf)
			if string(buf[:n]) != "READY=1" {
				t.Errorf("the manager hears %q (%v)", buf[:n], err)
			}
		})
	}
	c := newCaller(t) // nobody there, or nowhere to be bound from
	c.env = append(c.env, "NOTIFY_SOCKET="+c.dir+"/missing")
	c.run(inside("print ok")).exits(0).prints("ok")
	c.env[len(c.env)-1] = "NOTIFY_SOCKET=@abstract"
	c.run(inside("env NOTIFY_SOCKET")).exits(1).complains("not set")
}
