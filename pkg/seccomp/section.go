package seccomp

import (
	"fmt"

	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"
)

// section is linux.seccomp, checked, in the kernel's terms.
type section struct {
	fallback uint32 // what the filter returns where no rule says anything
	archs    []*arch
	flags    uint32
	listener bool
	verdicts [len(table)]verdict
	skipped  []string // architectures without a table, calls without a number
}

// rule returns ret if all conditions hold.
type rule struct {
	conds []cond
	ret   uint32
}

// cond is one comparison of an argument. mask is that of opMaskedEQ.
type cond struct {
	arg         uint
	op          uint32
	value, mask uint64
}

// read checks the section. An error begins with the JSON path of what is wrong, below linux.seccomp.
func read(s *specs.LinuxSeccomp, native specs.Arch) (*section, error) {
	out := &section{}
	var err error
	if out.fallback, err = returned(s.DefaultAction, s.DefaultErrnoRet, "defaultAction", "defaultErrnoRet"); err != nil {
		return nil, err
	}
	switch {
	case s.DefaultAction == specs.ActNotify:
		return nil, fmt.Errorf("defaultAction: %s would stop the container before its listener hears of it", specs.ActNotify)
	case s.ListenerMetadata != "" && s.ListenerPath == "":
		return nil, fmt.Errorf("listenerMetadata: there is no listenerPath")
	}
	if err := out.readArchs(s.Architectures, native); err != nil {
		return nil, err
	}
	for i := range s.Syscalls {
		if err := out.readCall(&s.Syscalls[i], s.ListenerPath); err != nil {
			return nil, fmt.Errorf("syscalls[%d].%w", i, err)
		}
	}
	return out, out.readFlags(s.Flags)
}

func (s *section) readArchs(names []specs.Arch, native specs.Arch) error {
	if a := archOf(native); a == nil || a.col == noColumn {
		return fmt.Errorf("architectures: no list of system calls for this machine (%q)", native)
	}
	s.archs = append(s.archs, archOf(native))
next:
	for i, name := range names {
		a := archOf(name)
		if a == nil {
			return fmt.Errorf("architectures[%d]: unknown architecture %.80q", i, name)
		}
		for _, have := range s.archs {
			if have == a {
				continue next
			}
		}
		if a.col == noColumn {
			s.skipped = append(s.skipped, string(a.name))
			continue
		}
		s.archs = append(s.archs, a)
	}
	return nil
}

// readFlags comes last, because some flags depend on a listener: WAIT_KILLABLE_RECV without one is EINVAL, and so is
// TSYNC with one unless TSYNC_ESRCH is set too (seccomp(2)).
func (s *section) readFlags(names []specs.LinuxSeccompFlag) error {
	for i, name := range names {
		flag, ok := valueOf(flags[:], string(name))
		if !ok {
			return fmt.Errorf("flags[%d]: unknown flag %.80q", i, name)
		}
		s.flags |= flag
	}
	if !s.listener {
		s.flags &^= unix.SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
		return nil
	}
	s.flags |= unix.SECCOMP_FILTER_FLAG_NEW_LISTENER
	if s.flags&unix.SECCOMP_FILTER_FLAG_TSYNC != 0 {
		s.flags |= unix.SECCOMP_FILTER_FLAG_TSYNC_ESRCH
	}
	return nil
}
