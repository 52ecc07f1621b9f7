package seccomp

import "strings"

//go:generate go run ./gen

// column is the place of an architecture in a row of the table. Byte orders of one machine share a column.
type column int8

const (
	col386 column = iota
	colAMD64
	colX32
	colARM
	colARM64
	colLoong64
	colMIPS
	colMIPS64
	colPPC
	colPPC64
	colRISCV64
	colS390X
	columns
	noColumn column = -1
)

// no is the cell of a call that the architecture does not have.
const no = 0xffff

// row is a name and its numbers, each less the base of its architecture. The table is data: it costs nothing at start.
type row struct {
	name string
	nr   [columns]uint16
}

// rowOf finds the row of a name, -1 for one that no architecture has.
func rowOf(name string) int {
	lo, hi := 0, len(table)
	for lo < hi {
		mid := int(uint(lo+hi) >> 1)
		switch c := strings.Compare(table[mid].name, name); {
		case c == 0:
			return mid
		case c < 0:
			lo = mid + 1
		default:
			hi = mid
		}
	}
	return -1
}

// Bounds of the numbers that are not given in sequence with the others, so that a call between them and the newest
// one of a profile is still a new one.
const (
	armPrivate    = 0x0f0000   // and up: arch/arm/include/uapi/asm/unistd.h
	x32Bit        = 0x40000000 // __X32_SYSCALL_BIT
	x32Own        = x32Bit + 512
	x32AfterOwn   = x32Bit + 548
	privateInCell = 0x8000
)

// number is the number of a row's call on an architecture, as the kernel gives it to a filter.
func (a *arch) number(row int) (nr uint32, ok bool) {
	if a.col == noColumn || row < 0 {
		return 0, false
	}
	cell := table[row].nr[a.col]
	switch {
	case cell == no:
		return 0, false
	case a.col == colARM && cell >= privateInCell:
		return armPrivate + uint32(cell-privateInCell), true
	}
	return a.base + uint32(cell), true
}

// ordinary says whether new calls of the architecture come after this number.
func (a *arch) ordinary(nr uint32) bool {
	switch a.col {
	case colARM:
		return nr < armPrivate
	case colX32:
		return nr < x32Own || nr >= x32AfterOwn
	default:
		return true
	}
}
