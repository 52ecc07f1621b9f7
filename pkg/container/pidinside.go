package container

import (
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/state"
)

// pidInside is the pid of a container's first process as the container sees it: what hooks are told that run in there
// (runtime.md, "State").
func pidInside(rec state.Record) int {
	if rec.Namespaces&unix.CLONE_NEWPID == 0 {
		return rec.Pid
	}
	status, _ := os.ReadFile("/proc/" + strconv.Itoa(rec.Pid) + "/status")
	for line := range strings.Lines(string(status)) {
		if pids, ok := strings.CutPrefix(line, "NSpid:"); ok {
			pids = strings.TrimSpace(pids) // from our own pid namespace to its own
			if pid, err := strconv.Atoi(pids[strings.LastIndexByte(pids, '\t')+1:]); err == nil {
				return pid
			}
		}
	}
	return 1 // hidepid hides the process; as a rule its namespace is a new one
}
