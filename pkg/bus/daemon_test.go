package bus

import (
	"bufio"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

const config = `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path=PATH</listen>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
    <deny send_interface="org.freedesktop.DBus" send_member="Forbidden"/>
  </policy>
</busconfig>
`

// daemon starts a real message bus, of the caller's own.
func daemon(t *testing.T) (address string, process *os.Process) {
	t.Helper()
	path, err := exec.LookPath("dbus-daemon")
	if err != nil {
		t.Fatal("dbus-daemon is needed: hack/setup.sh --test installs it: ", err)
	}
	// Not t.TempDir: the path of a socket has at most 107 bytes.
	dir, err := os.MkdirTemp("", "bus")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	file := filepath.Join(dir, "config")
	if err := os.WriteFile(file, []byte(strings.Replace(config, "PATH", dir+"/bus", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, "--nofork", "--nopidfile", "--nosyslog", "--print-address", "--config-file="+file)
	var said strings.Builder
	cmd.Stderr = &said
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if t.Failed() {
			t.Log(said.String())
		}
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal("dbus-daemon says no address: ", err)
	}
	return strings.TrimSpace(line), cmd.Process
}

func connect(t *testing.T, address string) *Conn {
	t.Helper()
	c, err := Session(address, "", soon())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// TestDaemon talks to the real thing.
func TestDaemon(t *testing.T) {
	address, process := daemon(t)
	c := connect(t, address)
	reply, err := c.Bus(soon(), "ListNames")
	if err != nil {
		t.Fatal(err)
	}
	if names, ok := reply[0].([]any); !ok || !slices.Contains(names, any("org.freedesktop.DBus")) || len(names) != 2 {
		t.Errorf("names %v", reply)
	}
	if reply, err = c.Bus(soon(), "GetNameOwner", "org.freedesktop.DBus"); err != nil || reply[0] != "org.freedesktop.DBus" {
		t.Errorf("owner %v, %v", reply, err)
	}
	var refused *Error
	_, err = c.Bus(soon(), "GetNameOwner", "org.example.Nobody")
	if !errors.As(err, &refused) || refused.Name != "org.freedesktop.DBus.Error.NameHasNoOwner" {
		t.Errorf("error %v", err)
	}
	_, err = Manager{c}.Version(soon())
	if !errors.As(err, &refused) || refused.Name != "org.freedesktop.DBus.Error.ServiceUnknown" {
		t.Errorf("systemd is not on this bus: %v", err)
	}
	_, err = c.Bus(soon(), "Forbidden")
	if !errors.As(err, &refused) || refused.Name != "org.freedesktop.DBus.Error.AccessDenied" || refused.Text == "" {
		t.Errorf("what the bus forbids: %v", err)
	}
	// Over the directory, as without DBUS_SESSION_BUS_ADDRESS.
	dir := filepath.Dir(strings.TrimPrefix(strings.Split(address, ",")[0], "unix:path="))
	if c, err := Session("", dir, soon()); err != nil {
		t.Error(err)
	} else {
		c.Close()
	}
	silent(t, c, address, process)
}

// silent stops the bus: it takes what we say and does not answer, and then does not even take a connection.
func silent(t *testing.T, c *Conn, address string, process *os.Process) {
	if err := process.Signal(unix.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	_, err := c.Bus(start.Add(100*time.Millisecond), "ListNames")
	if err == nil || !strings.Contains(err.Error(), "ListNames: no answer in time: it is there, and hangs or is overloaded") {
		t.Errorf("error %v", err)
	}
	_, err = Session(address, "", time.Now().Add(100*time.Millisecond))
	if err == nil || !strings.Contains(err.Error(), "no answer in time") || time.Since(start) > 2*time.Second {
		t.Errorf("error %v after %v", err, time.Since(start))
	}
	if err := process.Signal(unix.SIGCONT); err != nil {
		t.Fatal(err)
	}
	// The answer to the question of before comes now; it is not taken for the one to this.
	if reply, err := c.Bus(soon(), "GetNameOwner", "org.freedesktop.DBus"); err != nil || reply[0] != "org.freedesktop.DBus" {
		t.Errorf("after it woke: %v, %v", reply, err)
	}
	if err := process.Kill(); err != nil {
		t.Fatal(err)
	}
	for range 100 { // it takes a moment to die
		if _, err = c.Bus(soon(), "ListNames"); err != nil {
			break
		}
	}
	if !errors.Is(err, ErrClosed) {
		t.Errorf("after it died: %v", err)
	}
}

// TestOverDaemon starts a unit over a real bus, on which another connection plays systemd: what the bus lets through to us
// depends on what we asked it for.
func TestOverDaemon(t *testing.T) {
	address, _ := daemon(t)
	manager := connect(t, address)
	if _, err := manager.Bus(soon(), "RequestName", systemd, uint32(0)); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() {
		for {
			m, err := manager.receive(soon())
			if err != nil || m.member != "StartTransientUnit" {
				if err != nil {
					done <- err
					return
				}
				continue
			}
			done <- manager.send(soon(),
				&message{kind: methodReturn, reply: m.serial, destination: ":1.1", body: []any{job}},
				&message{kind: signal, path: managerPath, iface: managerFace, member: "JobNew", body: []any{uint32(5), job, "a.scope"}},
				&message{kind: signal, path: managerPath, iface: managerFace, member: "JobRemoved", body: []any{uint32(5), job, "a.scope", "done"}})
			return
		}
	}()
	m := Manager{connect(t, address)}
	if err := m.Start(soon(), "a.scope", []Property{{"Slice", "app.slice"}, {"PIDs", []uint32{1}}}); err != nil {
		t.Error(err)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
}
