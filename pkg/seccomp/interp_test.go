package seccomp

import (
	"encoding/binary"
	"fmt"

	"golang.org/x/sys/unix"
)

// event is a system call as a filter sees it.
type event struct {
	nr, arch uint32
	args     [6]uint64
}

func (e event) String() string { return fmt.Sprintf("nr %#x arch %#x args %#x", e.nr, e.arch, e.args) }

// data is struct seccomp_data in the byte order of the machine that the event happens on.
func (e event) data(o order) []byte {
	var bo binary.AppendByteOrder = binary.LittleEndian
	if o == big {
		bo = binary.BigEndian
	}
	b := bo.AppendUint32(nil, e.nr)
	b = bo.AppendUint32(b, e.arch)
	b = bo.AppendUint64(b, 0xdeadbeefdeadbeef)
	for _, arg := range e.args {
		b = bo.AppendUint64(b, arg)
	}
	return b
}

// interpret runs a program as kernel/seccomp.c does, words being read in the byte order o. It counts the instructions, and
// refuses what the kernel's check would refuse.
func interpret(prog []unix.SockFilter, e event, o order) (ret uint32, steps int, err error) {
	var bo binary.ByteOrder = binary.LittleEndian
	if o == big {
		bo = binary.BigEndian
	}
	data := e.data(o)
	var acc uint32
	for pc := 0; pc < len(prog); pc++ {
		i := prog[pc]
		steps++
		switch i.Code {
		case unix.BPF_LD | unix.BPF_W | unix.BPF_ABS:
			if i.K%4 != 0 || i.K > 60 {
				return 0, steps, fmt.Errorf("%d: load from %d", pc, i.K)
			}
			acc = bo.Uint32(data[i.K:])
			continue
		case unix.BPF_ALU | unix.BPF_AND | unix.BPF_K:
			acc &= i.K
			continue
		case unix.BPF_JMP | unix.BPF_JA:
			pc += int(i.K)
			continue
		case unix.BPF_RET | unix.BPF_K:
			return i.K, steps, nil
		}
		taken, ok := compare32(i.Code, acc, i.K)
		switch {
		case !ok:
			return 0, steps, fmt.Errorf("%d: code %#x", pc, i.Code)
		case taken:
			pc += int(i.Jt)
		default:
			pc += int(i.Jf)
		}
	}
	return 0, steps, fmt.Errorf("ran off the end")
}

func compare32(code uint16, acc, k uint32) (taken, ok bool) {
	switch code {
	case unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K:
		return acc == k, true
	case unix.BPF_JMP | unix.BPF_JGT | unix.BPF_K:
		return acc > k, true
	case unix.BPF_JMP | unix.BPF_JGE | unix.BPF_K:
		return acc >= k, true
	}
	return false, false
}
