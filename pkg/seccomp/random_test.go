package seccomp

import (
	"math/rand/v2"
	"slices"

	"github.com/opencontainers/runtime-spec/specs-go"
)

// values are those around which 64 bit comparisons go wrong.
var values = []uint64{0, 1, 2, 5, 9, 16, 0xff, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff, 0x100000000, 0x100000001,
	0x500000005, 0x7fffffffffffffff, 0x8000000000000000, 0xffffffff00000000, 0xfffffffffffffffe, 0xffffffffffffffff}

// few are names that random rules meet on often: of a family of their own, or without a number somewhere.
var few = []string{"read", "socket", "bind", "send", "accept", "accept4", "socketcall", "ipc", "semop", "shmat", "ioctl",
	"execveat", "set_tls", "breakpoint", "clone3", "openat2", "personality", "_llseek", "riscv_hwprobe", "no_such_call"}

func pick[T any](r *rand.Rand, from []T) T { return from[r.IntN(len(from))] }

func randomValue(r *rand.Rand) uint64 {
	v := pick(r, values)
	switch r.IntN(6) {
	case 0:
		v++
	case 1:
		v = r.Uint64()
	}
	return v
}

// randomSection is a valid section and an architecture to be native.
func randomSection(r *rand.Rand) (*specs.LinuxSeccomp, specs.Arch) {
	s := &specs.LinuxSeccomp{ListenerPath: "/run/listener"}
	s.DefaultAction, s.DefaultErrnoRet = randomAction(r, false)
	for range r.IntN(4) {
		s.Architectures = append(s.Architectures, archs[r.IntN(len(archs))].name)
	}
	rules := r.IntN(30)
	if r.IntN(20) == 0 {
		rules = r.IntN(200) // long jumps, and sometimes more than the kernel takes
	}
	for range rules {
		c := specs.LinuxSyscall{}
		c.Action, c.ErrnoRet = randomAction(r, true)
		for range 1 + r.IntN(12) {
			c.Names = append(c.Names, randomName(r))
		}
		if r.IntN(3) == 0 {
			for range 1 + r.IntN(4) {
				c.Args = append(c.Args, specs.LinuxSeccompArg{Index: uint(r.IntN(6)), Value: randomValue(r),
					ValueTwo: randomValue(r), Op: specs.LinuxSeccompOperator(pick(r, Operators()))})
			}
		}
		s.Syscalls = append(s.Syscalls, c)
	}
	return s, specs.Arch(pick(r, Archs()))
}

func randomName(r *rand.Rand) string {
	if r.IntN(2) == 0 {
		return pick(r, few)
	}
	if name := table[r.IntN(len(table))].name; name != "write" {
		return name
	}
	return "writev"
}

func randomAction(r *rand.Rand, notify bool) (specs.LinuxSeccompAction, *uint) {
	for {
		action := specs.LinuxSeccompAction(pick(r, Actions()))
		if action == specs.ActNotify && !notify {
			continue
		}
		if (action == specs.ActErrno || action == specs.ActTrace) && r.IntN(2) == 0 {
			errno := uint(pick(r, []int{0, 1, 38, 4095}))
			return action, &errno
		}
		return action, nil
	}
}

// randomEvent is near what the section speaks of.
func randomEvent(r *rand.Rand, s *specs.LinuxSeccomp, native specs.Arch) (event, *arch) {
	a := archOf(pick(r, append(slices.Clone(s.Architectures), native)))
	if r.IntN(10) == 0 {
		a = &archs[r.IntN(len(archs))]
	}
	e := event{nr: a.base, arch: a.audit}
	switch {
	case len(s.Syscalls) > 0 && r.IntN(8) > 0:
		c := pick(r, s.Syscalls)
		name := pick(r, c.Names)
		if nr, ok := a.number(rowOf(name)); ok {
			e.nr = nr
		}
		if row, is, ok := muxed(name); ok && r.IntN(2) == 0 {
			e.nr, _ = a.number(row)
			e.args[0] = is.value | r.Uint64()<<pick(r, []int{16, 32, 64})
			break
		}
		randomArgs(r, &e, c.Args)
		e.nr += pick(r, []uint32{0, 0, 0, 0, 1, 0xffffffff})
	case r.IntN(2) == 0:
		e.nr += uint32(r.IntN(600))
	default:
		e.nr = pick(r, []uint32{0, 1, 0xeffff, 0xf0000, 0xf0007, 0x3fffffff, 0x40000000, 0x400001ff, 0x40000200, 0x40000223,
			0x40000224, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff, r.Uint32()})
	}
	return e, a
}

func randomArgs(r *rand.Rand, e *event, args []specs.LinuxSeccompArg) {
	for i := range e.args {
		e.args[i] = randomValue(r)
	}
	for _, c := range args {
		switch r.IntN(5) {
		case 0, 1:
			e.args[c.Index] = c.Value + pick(r, []uint64{0, 0, 1, 1 << 32, ^uint64(0)})
		case 2:
			e.args[c.Index] = c.ValueTwo&c.Value | r.Uint64()&^c.Value
		}
	}
}
