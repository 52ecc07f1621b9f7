package program

import (
	"fmt"
	"math"

	"github.com/urun/urun/pkg/sys"
)

// Fits says whether the program can be linked: an instruction counts its neighbours and its cells in 16 bits. Only a
// config with thousands of mounts makes one that does not.
func (p *Program) Fits() error { return Fit(max(len(p.ops), len(p.cells))) }

// Fit says whether a program of n instructions, or as many cells, can be linked.
func Fit(n int) error {
	if n >= math.MaxUint16 {
		return fmt.Errorf("too much to set up: the config needs more than %d system calls or values for them (mounts, maskedPaths,"+
			" readonlyPaths, devices, arguments and variables each take some)", math.MaxUint16-1)
	}
	return nil
}

// Link turns the program into the form that a child runs. inputs gives the values of the cells that Input named;
// those not given stay -1. The program ends in exit_group(2) with status 0. Free the code when it has been forked.
// Precondition: Fits, and every label used has been placed.
func (p *Program) Link(inputs map[string]uint64) *sys.Code {
	p.settle()
	c := sys.NewCode(len(p.ops)+1, len(p.cells), len(p.data)+1)
	c.Ops[copy(c.Ops, p.ops)] = sys.Op{Nr: exitGroup}
	copy(c.Cells, p.cells)
	copy(c.Data, p.data)
	for i, k := range p.kinds {
		switch k {
		case cellAddr:
			c.Cells[i] = uint64(c.CellAddr(int(p.cells[i])))
		case dataAddr:
			c.Cells[i] = uint64(c.Addr(int(p.cells[i])))
		}
	}
	for _, in := range p.inputs {
		if v, ok := inputs[in.name]; ok {
			c.Cells[in.cell] = v
		}
	}
	return c
}
