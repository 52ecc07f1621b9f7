package seccomp

import (
	"slices"

	"golang.org/x/sys/unix"
)

// retENOSYS is the answer to a call that the profile is too old for.
const retENOSYS = unix.SECCOMP_RET_ERRNO | uint32(unix.ENOSYS)

// outcome is what becomes of a call: the rules in their order, and ret if none of them holds. Without rules it is
// ret alone, whatever the arguments.
type outcome struct {
	ret   uint32
	rules []*rule
}

func (o outcome) equal(p outcome) bool { return o.ret == p.ret && slices.Equal(o.rules, p.rules) }

// verdict is what the section says about the calls of one row, on whatever architecture.
type verdict struct {
	outcome
	named   bool // by the section
	ruled   bool // by a rule
	settled bool // by a rule without conditions: it is the only one
}

// rule adds rules in the order of the section.
func (s *section) rule(row int, rules []*rule) {
	v := &s.verdicts[row]
	for _, r := range rules {
		switch {
		case v.settled:
		case len(r.conds) == 0:
			v.outcome, v.settled, v.ruled = outcome{ret: r.ret}, true, true
		default:
			v.ret, v.rules, v.ruled = s.fallback, append(v.rules, r), true
		}
	}
}

// profile is what the section says about one architecture.
type profile struct {
	arch      *arch
	fallback  uint32
	decisions []decision // by number
	newest    uint32     // of the ordinary calls that are named
	enosys    bool
}

// decision is the outcome of one number.
type decision struct {
	nr uint32
	outcome
}

func (s *section) profileOf(a *arch) *profile {
	p := &profile{arch: a, fallback: s.fallback}
	keys := make([]uint64, 0, len(table)) // number and row
	for row := range s.verdicts {
		v := &s.verdicts[row]
		nr, ok := a.number(row)
		if ok && v.ruled {
			keys = append(keys, uint64(nr)<<32|uint64(row))
		}
		if ok && v.named && a.ordinary(nr) {
			p.newest = max(p.newest, nr)
		}
	}
	slices.Sort(keys)
	p.decisions = make([]decision, len(keys))
	for i, key := range keys {
		p.decisions[i] = decision{uint32(key >> 32), s.verdicts[uint32(key)].outcome}
	}
	p.enosys = p.newest > 0 && refuses(s.fallback)
	return p
}

// refuses says whether a default makes a call fail. A tracer is taken to know new calls.
func refuses(ret uint32) bool {
	switch ret & unix.SECCOMP_RET_ACTION_FULL {
	case unix.SECCOMP_RET_ALLOW, unix.SECCOMP_RET_LOG, unix.SECCOMP_RET_TRACE:
		return false
	}
	return true
}

// unruled is the outcome of a number that no rule is about.
func (p *profile) unruled(nr uint32) outcome {
	isNew := p.arch.ordinary(nr) && nr > p.newest || p.arch.col == colS390X && nr == 0
	if p.enosys && isNew {
		return outcome{ret: retENOSYS}
	}
	return outcome{ret: p.fallback}
}
