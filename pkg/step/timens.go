package step

import (
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/program"
)

// TimeOffsets makes a new time namespace for the children of the process and sets its clocks. They can be set until the
// first process is in it, so a Fork must follow (time_namespaces(7)).
// Precondition: the process has CAP_SYS_TIME in its user namespace and is dumpable, for the file to be its own.
type TimeOffsets struct {
	Offsets []string // lines of /proc/PID/timens_offsets: clock, seconds, nanoseconds
}

func (s TimeOffsets) String() string { return "time namespace with " + strings.Join(s.Offsets, ", ") }

// Explain implements program.Explainer.
func (s TimeOffsets) Explain(errno syscall.Errno) string {
	if errno != unix.ERANGE {
		return ""
	}
	return s.String() + ": the clock would be before 0 or too far away (linux.timeOffsets)"
}

// Emit implements Step.
func (s TimeOffsets) Emit(p *program.Program) {
	p.Call(unix.SYS_UNSHARE, program.Int(unix.CLONE_NEWTIME))
	p.WriteFile("/proc/self/timens_offsets", strings.Join(s.Offsets, "\n")+"\n")
}
