//go:build vm

package vm

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/opencontainers/runtime-spec/specs-go"
)

// TestNetworkInAScope: with a limit of memory urun-monitor and the helpers of the network are in the container's scope, with room of
// their own; bytes go through, and the scope goes with the container. The pasta of the guest is recent, and what auto takes.
func TestNetworkInAScope(t *testing.T) {
	for asked, want := range map[string]string{"slirp4netns": "slirp4netns", "auto": "pasta"} {
		t.Run(asked, func(t *testing.T) { networkInAScope(t, asked, want) })
	}
}

func networkInAScope(t *testing.T, asked, want string) {
	s := newSession(t)
	const id = "netscope"
	dir := s.bundle("serve tcp :80 -- forever", func(spec *specs.Spec) {
		limit := int64(48 << 20)
		spec.Linux.Resources = &specs.LinuxResources{Memory: &specs.LinuxMemory{Limit: &limit}}
	})
	s.must(s.urun, "run", "--detach", "--bundle", dir, "--net", asked, "-p", "0:80", id)
	t.Cleanup(func() { s.run(s.urun, "delete", "--force", id) })
	var state struct {
		Network struct {
			Mode, Lost string
			Ports      []struct{ HostPort int }
		}
		Monitor struct {
			Pid    int
			Duties []string
		}
	}
	if err := json.Unmarshal([]byte(s.must(s.urun, "state", id)), &state); err != nil {
		t.Fatal(err)
	}
	if d := fmt.Sprint(state.Monitor.Duties); d != "[kills network]" || len(state.Network.Ports) != 1 || state.Network.Mode != want {
		t.Fatalf("%+v", state)
	}
	group, err := os.ReadFile(fmt.Sprintf("/proc/%d/cgroup", state.Monitor.Pid))
	if err != nil || !strings.HasSuffix(strings.TrimSpace(string(group)), ".scope/monitor") {
		t.Errorf("urun-monitor is in %s, %v", group, err)
	}
	path := "/sys/fs/cgroup" + strings.TrimPrefix(strings.TrimSpace(string(group)), "0::")
	if procs, _ := os.ReadFile(path + "/cgroup.procs"); len(strings.Fields(string(procs))) != 3 {
		t.Errorf("urun-monitor and two helpers: %q", procs)
	}
	at := fmt.Sprintf("127.0.0.1:%d", state.Network.Ports[0].HostPort)
	for i := range 50 {
		if got, err := ask(at, fmt.Sprint("call ", i)); err != nil || got != fmt.Sprintf("call %d from 127.0.0.1", i) {
			t.Fatalf("%d: %q, %v", i, got, err)
		}
	}
	s.must(s.urun, "delete", "--force", id)
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(100 * time.Millisecond) {
		if _, err := os.Stat(path); os.IsNotExist(err) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s is left", path)
		}
	}
}

// ask says text to a server that may not be there yet, and returns its answer.
func ask(at, text string) (answer string, err error) {
	for deadline := time.Now().Add(2 * time.Minute); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		var c net.Conn
		if c, err = net.Dial("tcp", at); err != nil {
			continue
		}
		_ = c.SetDeadline(time.Now().Add(time.Minute))
		_, err = io.WriteString(c, text)
		buf := make([]byte, 256)
		n := 0
		if err == nil {
			n, err = c.Read(buf)
		}
		c.Close()
		if n > 0 {
			return string(buf[:n]), nil
		}
	}
	return "", err
}
