package program

import (
	"fmt"
	"math"

	"github.com/urun/urun/pkg/sys"
)

// Fits says whether the program can be linked: an instruction counts its neighbours and its cells in 16 bits. Only a
// config with thousands of mounts makes one that does not.
func (p *Program) Fits() error {
	if n := max(len(p.calls), len(p.cells)); n >= math.MaxUint16 {
		return fmt.Errorf("too much to set up: the config makes a program of %d system calls with %d values, and %d is the most",
			len(p.calls), len(p.cells), math.MaxUint16-1)
	}
	return nil
}

// Link turns the program into the form that a child runs. inputs gives the values of the cells that Input named;
// those not given stay -1. The program ends in exit_group(2) with status 0.
// Precondition: Fits, and every label used has been placed.
func (p *Program) Link(inputs map[string]uint64) *sys.Code {
	c := &sys.Code{
		Ops:   make([]sys.Op, len(p.calls)+1),
		Cells: make([]uint64, len(p.cells)),
		Data:  append(p.data, 0),
	}
	for i, a := range p.cells {
		c.Cells[i] = uint64(resolve(c, a))
	}
	for _, in := range p.inputs {
		if v, ok := inputs[in.name]; ok {
			c.Cells[in.cell] = v
		}
	}
	for i := range p.calls {
		p.linkCall(c, i)
	}
	c.Ops[len(p.calls)] = sys.Op{Nr: exitGroup}
	return c
}

func (p *Program) linkCall(c *sys.Code, i int) {
	from, op := &p.calls[i], &c.Ops[i]
	op.Nr, op.Dst, op.Catch, op.Then = from.nr, from.dst, from.catch, uint16(i+1)
	if from.then != 0 {
		op.Then = uint16(p.labels[from.then])
	}
	if from.catch[0] != 0 {
		op.Else = uint16(p.labels[from.other])
	}
	for j, a := range from.args {
		op.Args[j] = resolve(c, a)
		if a.kind == cell {
			op.Cells |= 1 << j
		}
	}
}

func resolve(c *sys.Code, a Arg) uintptr {
	switch a.kind {
	case cellAddr:
		return c.CellAddr(int(a.val))
	case dataAddr:
		return c.Addr(int(a.val))
	}
	return uintptr(a.val)
}
