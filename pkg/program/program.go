// Package program is the list of system calls that a forked child carries out: how it is written down, linked into
// the form that pkg/sys runs, and printed the way strace prints.
//
// A program is flat. It has no loops but retries, no calls, and only one kind of branch: what to do when a system call
// comes back with a certain errno. Building and printing are pure; nothing here touches the kernel.
package program

import (
	"slices"
	"syscall"

	"github.com/urun/urun/pkg/sys"
)

// Arg is an argument of a call: a literal, a cell (the result of an earlier call), or the address of something.
type Arg struct {
	kind kind
	val  uint64
}

type kind uint8

const (
	literal  kind = iota
	cell          // value of cell val
	cellAddr      // address of cell val
	dataAddr      // address of byte val of the data
)

// Int is a literal argument; negative numbers become what C passes for them.
func Int[T ~int | ~int32 | ~int64 | ~uint32 | ~uint64 | ~uintptr](v T) Arg {
	return Arg{literal, uint64(int64(v))}
}

// Addr is the address of a cell. Precondition: a is a cell.
func (a Arg) Addr() Arg { return Arg{cellAddr, a.val} }

// Program is a list of calls with its data, grouped into steps. It is built in the form in which it will be run, because the
// memory that is written for it costs more time than the work.
type Program struct {
	ops     []sys.Op // Else, and Then of a jump, are labels up to settled
	of      []uint16 // the step of each
	settled int
	cells   []uint64 // initial values
	kinds   []kind   // of those
	data    []byte
	labels  []int // index of each label
	steps   []Step
	inputs  []input

	catch [5]uint16 // what Try has set for the calls being emitted
	other Label
}

// Step is what one group of calls is for: how it is called, and how a failure of it reads.
type Step interface {
	// String is one line, without addresses, the same on every machine.
	String() string
}

// Explainer is a Step that knows what an errno means to a person.
type Explainer interface {
	// Explain returns the whole message of a failure with errno, without the step's number; empty: say it as usual.
	Explain(errno syscall.Errno) string
}

type input struct {
	name string
	cell uint16
}

// spareCell takes the results that nobody reads.
const spareCell = 1

// New returns an empty program. Its first cell is the descriptor that failures are reported to, the input "sock".
func New() *Program {
	p := &Program{
		ops:    make([]sys.Op, 0, 448),
		of:     make([]uint16, 0, 448),
		cells:  make([]uint64, 0, 512),
		kinds:  make([]kind, 0, 512),
		data:   make([]byte, 0, 4096),
		labels: make([]int, 1, 128),
	}
	p.Input("sock")
	p.Cell(Int(0)) // spareCell
	return p
}

// Input names a cell that is set when the program is started: a descriptor of the caller. Asking again for the same
// name gives the same cell.
func (p *Program) Input(name string) Arg {
	for _, in := range p.inputs {
		if in.name == name {
			return Arg{cell, uint64(in.cell)}
		}
	}
	a := p.Cell(Int(-1))
	p.inputs = append(p.inputs, input{name, uint16(a.val)})
	return a
}

// Asks says whether the program uses the input name.
func (p *Program) Asks(name string) bool {
	return slices.ContainsFunc(p.inputs, func(in input) bool { return in.name == name })
}

// Begin says that the calls that follow belong to s.
func (p *Program) Begin(s Step) { p.steps = append(p.steps, s) }

// Cell returns a new cell with the given initial value.
func (p *Program) Cell(init Arg) Arg {
	p.cells, p.kinds = append(p.cells, init.val), append(p.kinds, init.kind)
	return Arg{cell, uint64(len(p.cells) - 1)}
}

// Record lays fields out in consecutive cells and returns the address of the first: a structure of 64-bit members, or
// a list of pointers.
func (p *Program) Record(fields ...Arg) Arg {
	first := len(p.cells)
	for _, f := range fields {
		p.Cell(f)
	}
	return Arg{cellAddr, uint64(first)}
}

// After is the cell i places behind the first of record.
func (p *Program) After(record Arg, i int) Arg { return Arg{cell, record.val + uint64(i)} }

// Copy emits the copying of a value into the cell dst.
func (p *Program) Copy(dst, value Arg) { p.CallInto(dst, sys.Copy, value) }

// Str stores s with a final NUL and returns its address.
func (p *Program) Str(s string) Arg {
	off := len(p.data)
	p.data = append(append(p.data, s...), 0)
	return Arg{dataAddr, uint64(off)}
}

// Strs stores a list of strings and the NULL-terminated list of their addresses, as execve(2) wants it.
func (p *Program) Strs(list []string) Arg {
	fields := make([]Arg, 0, len(list)+1)
	for _, s := range list {
		fields = append(fields, p.Str(s))
	}
	return p.Record(append(fields, Int(0))...)
}

// Data stores b, aligned to 8 bytes, and returns its address.
func (p *Program) Data(b []byte) Arg {
	for len(p.data)%8 != 0 {
		p.data = append(p.data, 0)
	}
	off := len(p.data)
	p.data = append(p.data, b...)
	return Arg{dataAddr, uint64(off)}
}

// Call emits a system call and returns the cell that will hold its result.
func (p *Program) Call(nr uintptr, args ...Arg) Arg {
	dst := p.Cell(Int(0))
	p.CallInto(dst, nr, args...)
	return dst
}

// CallInto emits a system call whose result goes to the cell dst, for alternatives that yield the same thing.
func (p *Program) CallInto(dst Arg, nr uintptr, args ...Arg) {
	op := p.emit()
	op.Nr, op.Dst, op.Catch = uint32(nr), uint16(dst.val), p.catch
	if p.catch[0] != 0 {
		op.Else = uint16(p.other)
	}
	for i, a := range args {
		op.Args[i] = uintptr(a.val)
		switch bit := uint8(1) << i; a.kind {
		case cell:
			op.Cells |= bit
		case cellAddr:
			op.CellAddrs |= bit
		case dataAddr:
			op.DataAddrs |= bit
		}
	}
}

// emit adds an instruction that goes on to the next one.
func (p *Program) emit() *sys.Op {
	p.ops = append(p.ops, sys.Op{Then: uint16(len(p.ops) + 1)})
	p.of = append(p.of, uint16(len(p.steps)-1))
	return &p.ops[len(p.ops)-1]
}

// Expect emits a comparison: it fails with errno unless (a & mask) == want.
func (p *Program) Expect(a Arg, mask, want uint64, errno syscall.Errno) {
	p.CallInto(p.Cell(Int(0)), sys.Expect, a, Arg{literal, mask}, Arg{literal, want}, Int(uintptr(errno)))
}

// Steps returns the steps in order.
func (p *Program) Steps() []Step { return p.steps }

// At returns the step (from 0) and the system call of the instruction that stands fromEnd before the end, as a message of
// failure has it. Step -1: there is no such instruction.
func (p *Program) At(fromEnd int) (step int, call string) {
	i := len(p.ops) + 1 - fromEnd // Link adds a last one
	if i < 0 || i >= len(p.ops) {
		return -1, "unknown call"
	}
	return int(int16(p.of[i])), signatureOf(uintptr(p.ops[i].Nr)).name
}
