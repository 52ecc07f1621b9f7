package monitor

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/urun/urun/pkg/companion"
)

// holder says, as far as /proc tells this user, which process listens on a port of the host: " by redis-server (pid 7)", or "".
func holder(p companion.Port) string {
	inodes := listeners(p)
	fds, _ := filepath.Glob("/proc/[0-9]*/fd/*")
	for _, fd := range fds {
		target, err := os.Readlink(fd)
		if err != nil || !inodes[target] {
			continue
		}
		pid := strings.Split(fd, "/")[2]
		name, _ := os.ReadFile("/proc/" + pid + "/comm")
		return fmt.Sprintf(" by %s (pid %s)", strings.TrimSpace(string(name)), pid)
	}
	return ""
}

// listeners are the sockets, as links in /proc/PID/fd name them, that are bound to the port (proc(5), /proc/net/tcp).
func listeners(p companion.Port) map[string]bool {
	found := map[string]bool{}
	for _, table := range []string{p.Proto, p.Proto + "6"} {
		content, _ := os.ReadFile("/proc/net/" + table)
		for line := range strings.Lines(string(content)) {
			f := strings.Fields(line)
			if len(f) < 10 || p.Proto == "tcp" && f[3] != "0A" {
				continue
			}
			_, hex, _ := strings.Cut(f[1], ":")
			if n, err := strconv.ParseUint(hex, 16, 16); err == nil && int(n) == p.HostPort {
				found["socket:["+f[9]+"]"] = true
			}
		}
	}
	return found
}
