package step

import (
	"strings"
	"syscall"

	"github.com/urun/urun/pkg/program"
)

// Optional is a step that may come back with one of On; then the program goes on. With Noted above 0 the parent is
// told to hand out notice number Noted-1 of the plan.
type Optional struct {
	Step  Step
	On    []syscall.Errno
	Noted int
}

func (s Optional) String() string { return s.Step.String() + " (optional)" }

// Emit implements Step.
func (s Optional) Emit(p *program.Program) {
	p.Try(func() { s.Step.Emit(p) }, func() { note(p, s.Noted) }, s.On...)
}

// Ladder has several ways to one effect, in order of preference. When a rung comes back with one of On the next one is
// taken; the last one's failure is the step's.
type Ladder struct {
	Rungs []Rung
	On    []syscall.Errno
}

// Rung is one way of a Ladder; Noted is as in Optional.
type Rung struct {
	Step  Step
	Noted int
}

func (s Ladder) String() string {
	ways := make([]string, len(s.Rungs))
	for i, r := range s.Rungs {
		ways[i] = r.Step.String()
	}
	return strings.Join(ways, "; else ")
}

// Emit implements Step.
func (s Ladder) Emit(p *program.Program) { s.climb(p, 0) }

func (s Ladder) climb(p *program.Program, i int) {
	rung := func() {
		s.Rungs[i].Step.Emit(p)
		note(p, s.Rungs[i].Noted)
	}
	if i == len(s.Rungs)-1 {
		rung()
		return
	}
	p.Try(rung, func() { s.climb(p, i+1) }, s.On...)
}

func note(p *program.Program, noted int) {
	if noted > 0 {
		p.Tell(program.Noted, program.Int(noted-1))
	}
}
