package seccomp

import (
	"errors"
	"fmt"
	"slices"

	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"
)

// Filter is what seccomp(2) is given.
type Filter struct {
	// Insns is the program, at most 4096 instructions.
	Insns []unix.SockFilter
	// Flags are SECCOMP_FILTER_FLAG_*, NEW_LISTENER included when a rule has the action notify. TSYNC comes with
	// TSYNC_ESRCH then, and WAIT_KILLABLE_RECV only then, because the kernel takes them in no other way.
	Flags uint32
	// Listener says that the call returns a descriptor, which belongs to listenerPath.
	Listener bool
	// Skipped are names that say nothing here, sorted: system calls that no architecture of the filter has, and
	// architectures that there is no list of calls for, so that all of their calls are killed.
	Skipped []string
}

// Compile makes the filter of a section for a machine of the native architecture. See the description of the package
// for what rules mean where the spec is silent. An error names the place by its JSON path:
// linux.seccomp.syscalls[3].action: unknown action "SCMP_ACT_NOPE".
func Compile(s *specs.LinuxSeccomp, native specs.Arch) (*Filter, error) {
	if s == nil {
		return nil, errors.New("linux.seccomp: missing")
	}
	sec, err := read(s, native)
	if err != nil {
		return nil, fmt.Errorf("linux.seccomp.%w", err)
	}
	insns, err := emit(sec.blocks())
	if err != nil {
		return nil, fmt.Errorf("linux.seccomp.syscalls: %w", err)
	}
	slices.Sort(sec.skipped)
	return &Filter{Insns: insns, Flags: sec.flags, Listener: sec.listener, Skipped: slices.Compact(sec.skipped)}, nil
}
