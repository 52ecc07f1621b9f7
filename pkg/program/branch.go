package program

import (
	"syscall"

	"github.com/urun/urun/pkg/sys"
)

// Label is a place in the program that a call may go to.
type Label int

// NewLabel returns a label to be placed later.
func (p *Program) NewLabel() Label {
	p.labels = append(p.labels, -1)
	return Label(len(p.labels) - 1)
}

// Place puts l before the next call.
func (p *Program) Place(l Label) { p.labels[l] = len(p.ops) }

// Goto emits a jump to l.
func (p *Program) Goto(l Label) {
	op := p.emit()
	op.Nr, op.Dst, op.Then = sys.Copy, spareCell, uint16(l)
}

// isJump tells a jump from a copying.
func isJump(op *sys.Op) bool { return op.Nr == sys.Copy && op.Dst == spareCell }

// settle turns labels into places.
func (p *Program) settle() {
	for ; p.settled < len(p.ops); p.settled++ {
		op := &p.ops[p.settled]
		if isJump(op) {
			op.Then = uint16(p.labels[op.Then])
		}
		if op.Catch[0] != 0 {
			op.Else = uint16(p.labels[op.Else])
		}
	}
}

// Any catches every errno in Try.
const Any = syscall.Errno(sys.Any)

// Try emits body; when one of its calls comes back with one of errs, the program goes on with otherwise (nil: goes on
// behind body). At most five errnos. A Try inside a Try hides the outer one.
func (p *Program) Try(body, otherwise func(), errs ...syscall.Errno) {
	oldCatch, oldOther := p.catch, p.other
	alt := p.NewLabel()
	p.catch, p.other = [5]uint16{}, alt
	for i, e := range errs {
		p.catch[i] = uint16(e)
	}
	body()
	p.catch, p.other = oldCatch, oldOther
	if otherwise == nil {
		p.Place(alt)
		return
	}
	end := p.NewLabel()
	p.Goto(end)
	p.Place(alt)
	otherwise()
	p.Place(end)
}
