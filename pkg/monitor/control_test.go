package monitor

import (
	"encoding/json"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/companion"
	"github.com/urun/urun/pkg/state"
)

// TestServeWithoutDescriptors: while the connections that it carries take all descriptors nobody is answered, and afterwards
// everybody is.
func TestServeWithoutDescriptors(t *testing.T) {
	dir, err := state.Store{Root: t.TempDir()}.Create("a")
	if err != nil {
		t.Fatal(err)
	}
	defer dir.Close()
	if err := dir.Save(state.Record{ID: "a"}); err != nil {
		t.Fatal(err)
	}
	p := &ports{w: &watch{dir: dir}, all: map[int]companion.Port{7: {Proto: "tcp", HostIP: "127.0.0.1", HostPort: 8080, ContainerPort: 80}}}
	path := filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan struct{})
	go func() { p.serve(l); close(served) }()

	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	c := os.NewFile(uintptr(fd), "client")
	defer c.Close()
	restore := noDescriptors(t)
	err = unix.Connect(fd, &unix.SockaddrUnix{Name: path})
	time.Sleep(2 * breath)
	restore()
	if err != nil {
		t.Fatal(err)
	}
	limit := unix.NsecToTimeval(time.Minute.Nanoseconds())
	_ = unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &limit)
	if _, err := c.WriteString(`{"remove":[{"proto":"tcp","hostIP":"127.0.0.1","hostPort":1,"containerPort":80}]}`); err != nil {
		t.Fatal(err)
	}
	var reply companion.PortReply
	if err := json.NewDecoder(c).Decode(&reply); err != nil {
		t.Fatal("it accepts nobody any more: ", err)
	}
	if reply.Error != "127.0.0.1:1:80/tcp is not published" || len(reply.Ports) != 1 || reply.Ports[0] != p.all[7] {
		t.Errorf("%+v", reply)
	}
	l.Close()
	<-served
}

// noDescriptors lets this process open nothing more until restore.
func noDescriptors(t *testing.T) (restore func()) {
	t.Helper()
	var before unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &before); err != nil {
		t.Fatal(err)
	}
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: 0, Max: before.Max}); err != nil {
		t.Fatal(err)
	}
	return func() { _ = unix.Setrlimit(unix.RLIMIT_NOFILE, &before) }
}
