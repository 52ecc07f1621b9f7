package seccomp

import (
	"slices"

	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"
)

// naive answers an event by reading the section from top to bottom, in the words of the spec and of doc.go.
func naive(s *specs.LinuxSeccomp, native specs.Arch, e event) uint32 {
	a := naiveArch(s, native, e)
	if a == nil {
		return unix.SECCOMP_RET_KILL_THREAD
	}
	fallback := naiveRet(s.DefaultAction, s.DefaultErrnoRet)
	var found []uint32
	for _, unconditional := range []bool{true, false} {
		for _, c := range s.Syscalls {
			ret := naiveRet(c.Action, c.ErrnoRet)
			if ret == fallback {
				continue
			}
			for _, name := range c.Names {
				plain, holds := naiveHolds(a, c, name, e, stricter(ret, fallback))
				if holds && plain == unconditional {
					found = append(found, ret)
				}
			}
		}
	}
	switch {
	case len(found) > 0:
		return found[0]
	case naiveNew(s, a, e.nr) && refuses(fallback):
		return unix.SECCOMP_RET_ERRNO | uint32(unix.ENOSYS)
	}
	return fallback
}

// naiveArch is the architecture of the filter that an event belongs to.
func naiveArch(s *specs.LinuxSeccomp, native specs.Arch, e event) *arch {
	listed := func(name specs.Arch) *arch {
		if a := archOf(name); a.col != noColumn && (name == native || slices.Contains(s.Architectures, name)) {
			return a
		}
		return nil
	}
	if e.arch == unix.AUDIT_ARCH_X86_64 {
		x32 := listed(specs.ArchX32)
		if e.nr >= 0x40000000 && (x32 != nil || e.nr != 0xffffffff) {
			return x32
		}
		return listed(specs.ArchX86_64)
	}
	for i := range archs {
		if archs[i].audit == e.arch {
			return listed(archs[i].name)
		}
	}
	return nil
}

func naiveRet(action specs.LinuxSeccompAction, errno *uint) uint32 {
	data := uint32(unix.EPERM)
	if errno != nil {
		data = uint32(*errno)
	}
	switch action {
	case specs.ActKill, specs.ActKillThread:
		return unix.SECCOMP_RET_KILL_THREAD
	case specs.ActKillProcess:
		return unix.SECCOMP_RET_KILL_PROCESS
	case specs.ActTrap:
		return unix.SECCOMP_RET_TRAP
	case specs.ActErrno:
		return unix.SECCOMP_RET_ERRNO | data
	case specs.ActTrace:
		return unix.SECCOMP_RET_TRACE | data
	case specs.ActAllow:
		return unix.SECCOMP_RET_ALLOW
	case specs.ActLog:
		return unix.SECCOMP_RET_LOG
	case specs.ActNotify:
		return unix.SECCOMP_RET_USER_NOTIF
	}
	panic(action)
}

// naiveHolds says whether a name of a rule is about the event, and whether without conditions.
func naiveHolds(a *arch, c specs.LinuxSyscall, name string, e event, strict bool) (plain, holds bool) {
	if nr, ok := a.number(rowOf(name)); ok && nr == e.nr {
		return len(c.Args) == 0, naiveArgs(a, c.Args, e)
	}
	if nr, ok := a.number(rowOf("socketcall")); ok && nr == e.nr && name != "" {
		n := slices.Index(socketcalls[:], name)
		return false, n > 0 && uint32(e.args[0]) == uint32(n) && (len(c.Args) == 0 || strict)
	}
	if nr, ok := a.number(rowOf("ipc")); ok && nr == e.nr {
		n := slices.Index(ipcs[:], name)
		return false, n > 0 && uint16(e.args[0]) == uint16(n) && (len(c.Args) == 0 || strict)
	}
	return false, false
}

func naiveArgs(a *arch, args []specs.LinuxSeccompArg, e event) bool {
	each := map[uint]int{}
	holding := 0
	for _, c := range args {
		each[c.Index]++
		arg, v, v2 := e.args[c.Index], c.Value, c.ValueTwo
		if a.size == bits32 {
			arg, v, v2 = arg&0xffffffff, v&0xffffffff, v2&0xffffffff
		}
		if naiveCompare(c.Op, arg, v, v2) {
			holding++
		}
	}
	for _, n := range each {
		if n > 1 {
			return holding > 0
		}
	}
	return holding == len(args)
}

func naiveCompare(op specs.LinuxSeccompOperator, arg, v, v2 uint64) bool {
	switch op {
	case specs.OpNotEqual:
		return arg != v
	case specs.OpLessThan:
		return arg < v
	case specs.OpLessEqual:
		return arg <= v
	case specs.OpEqualTo:
		return arg == v
	case specs.OpGreaterEqual:
		return arg >= v
	case specs.OpGreaterThan:
		return arg > v
	case specs.OpMaskedEqual:
		return arg&v == v2&v
	}
	panic(op)
}

// naiveNew says whether a call is newer than all that the profile names.
func naiveNew(s *specs.LinuxSeccomp, a *arch, nr uint32) bool {
	own := func(nr uint32) bool {
		return a.name == specs.ArchARM && nr >= 0xf0000 || a.name == specs.ArchX32 && nr >= 0x40000200 && nr < 0x40000224
	}
	newest := uint32(0)
	for _, c := range s.Syscalls {
		for _, name := range c.Names {
			if n, ok := a.number(rowOf(name)); ok && !own(n) {
				newest = max(newest, n)
			}
		}
	}
	return newest > 0 && !own(nr) && (nr > newest || a.name == specs.ArchS390X && nr == 0)
}
