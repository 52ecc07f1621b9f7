package seccomp

import (
	"fmt"
	"slices"

	"golang.org/x/sys/unix"
)

// maxInsns is BPF_MAXINSNS of linux/bpf_common.h.
const maxInsns = 4096

// maxSkip is how far a conditional jump reaches.
const maxSkip = 255

// Offsets into struct seccomp_data, in bytes.
const (
	offNr   = 0
	offArch = 4
	offArgs = 16
)

const (
	opLoad = unix.BPF_LD | unix.BPF_W | unix.BPF_ABS
	opAnd  = unix.BPF_ALU | unix.BPF_AND | unix.BPF_K
	opJA   = unix.BPF_JMP | unix.BPF_JA
	opJEQ  = unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K
	opJGT  = unix.BPF_JMP | unix.BPF_JGT | unix.BPF_K
	opJGE  = unix.BPF_JMP | unix.BPF_JGE | unix.BPF_K
	opRet  = unix.BPF_RET | unix.BPF_K
)

// label is a place in a program: the number of instructions from there to the end. BPF jumps forward only, so the
// program is written from its end, and every target is known when it is jumped to.
type label int

// asm is a program, its last instruction first.
type asm struct {
	code []unix.SockFilter
	rets []answer
}

// answer is the nearest instruction that returns ret.
type answer struct {
	ret uint32
	at  label
}

// put writes an instruction before all others. Past the limit of the kernel nothing is kept, and the program is no good.
func (a *asm) put(op uint16, k uint32, yes, no uint8) label {
	if len(a.code) <= maxInsns {
		a.code = append(a.code, unix.SockFilter{Code: op, Jt: yes, Jf: no, K: k})
	}
	return label(len(a.code))
}

// skip is the distance of a jump that is put now.
func (a *asm) skip(to label) int { return len(a.code) - int(to) }

// ret is a place that returns a value, within reach.
func (a *asm) ret(value uint32) label {
	for i := range a.rets {
		if a.rets[i].ret == value {
			// What is put between here and the jump makes it longer: a load, a mask, two trampolines.
			if a.skip(a.rets[i].at) > maxSkip-8 {
				a.rets[i].at = a.put(opRet, value, 0, 0)
			}
			return a.rets[i].at
		}
	}
	at := a.put(opRet, value, 0, 0)
	a.rets = append(a.rets, answer{value, at})
	return at
}

// jump puts a comparison of the accumulator with k.
func (a *asm) jump(op uint16, k uint32, yes, no label) label {
	if a.skip(yes)+1 > maxSkip { // one for the trampoline of no
		yes = a.near(yes)
	}
	if a.skip(no) > maxSkip {
		no = a.near(no)
	}
	return a.put(op, k, uint8(a.skip(yes)), uint8(a.skip(no)))
}

// near is a place that does what a far one does: the same answer, or a long jump.
func (a *asm) near(to label) label {
	if i := a.code[to-1]; i.Code == opRet {
		return a.put(opRet, i.K, 0, 0)
	}
	return a.put(opJA, uint32(a.skip(to)), 0, 0)
}

// program is the finished program, the first instruction first.
func (a *asm) program() ([]unix.SockFilter, error) {
	if len(a.code) > maxInsns {
		return nil, fmt.Errorf("more than the %d instructions that the kernel takes", maxInsns)
	}
	slices.Reverse(a.code)
	return a.code, nil
}
