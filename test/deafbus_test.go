package test

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
)

// peer is what a bus does with a connection.
type peer func(net.Conn)

func silent(net.Conn)    {}
func hangsUp(c net.Conn) { c.Close() }
func refuses(c net.Conn) { _, _ = c.Write([]byte("REJECTED KERBEROS_V4\r\n")) }
func babbles(c net.Conn) { _, _ = c.Write([]byte(strings.Repeat("220 mail ready\r\n", 100))) }
func forever(c net.Conn) { _, _ = c.Write([]byte(strings.Repeat("x", 1<<20))) }
func letsInOnly(c net.Conn) {
	_, _ = c.Write([]byte("DATA\r\nOK 0123456789abcdef0123456789abcdef\r\n"))
}

// listen has a peer at a socket until the test ends. Connections stay open.
func listen(t *testing.T, path string, p peer) {
	t.Helper()
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		var all []net.Conn
		for {
			c, err := l.Accept()
			if err != nil {
				for _, c := range all {
					c.Close()
				}
				return
			}
			all = append(all, c)
			go p(c)
		}
	}()
}

// TestABusOfNoUse: what is wrong with it is said, in time; a cgroup of systemd's is then refused if it was asked for by name, and
// done without if not.
func TestABusOfNoUse(t *testing.T) {
	for name, test := range map[string]struct {
		does peer
		want string
	}{
		"silent": {silent, "no answer in time: it is there, and hangs or is overloaded"}, "hangs up": {hangsUp, "the connection was closed"},
		"refuses": {refuses, "it does not let this user in (it offers KERBEROS_V4)"}, "another protocol": {babbles, "it does not speak D-Bus"},
		"endless": {forever, "it does not speak D-Bus"}, "lets in and is silent": {letsInOnly, "no answer in time"},
		"nobody listens": {nil, "no such file or directory"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCaller(t)
			for _, dir := range []string{"systemd", "urun"} {
				if err := os.Mkdir(filepath.Join(c.runtimeDir, dir), 0o700); err != nil {
					t.Fatal(err)
				}
			}
			path := filepath.Join(t.TempDir(), "bus")
			if test.does != nil {
				listen(t, path, test.does)
			}
			c.env = append(c.env, "DBUS_SESSION_BUS_ADDRESS=unix:path="+path)
			limit := limited(specs.LinuxResources{Memory: &specs.LinuxMemory{Limit: ref(int64(512 << 20))}})
			dir := c.bundle(limit, inside("print well"))
			c.flags = []string{"--systemd-cgroup"}
			c.urun("run", "-b", dir, c.id).refuses(1, "a cgroup by systemd was asked for", "systemd does not answer", path, test.want)
			c.nothingLeft()
			c.flags = nil
			c.urun("run", "-b", dir, c.id).exits(0).prints("well")
			c.nothingLeft()
		})
	}
}
