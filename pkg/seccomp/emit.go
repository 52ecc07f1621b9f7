package seccomp

import (
	"slices"

	"golang.org/x/sys/unix"
)

// emit writes the filter.
func emit(blocks []block) ([]unix.SockFilter, error) {
	a := &asm{}
	bad := a.ret(badArch)
	entries := make([]label, len(blocks))
	for i, b := range slices.Backward(blocks) {
		t := tree{asm: a}
		entries[i] = t.put(b.spans)
		if len(b.spans) > 1 { // else no number is looked at
			entries[i] = a.put(opLoad, offNr, 0, 0)
		}
	}
	for i, b := range slices.Backward(blocks) {
		bad = a.jump(opJEQ, b.audit, entries[i], bad)
	}
	a.put(opLoad, offArch, 0, 0)
	return a.program()
}

// tree writes the search for a number.
type tree struct {
	*asm
	known []place
}

// place is where the rules of an outcome are.
type place struct {
	span
	at label
}

// put writes the search among spans, which are no fewer than one. What comes last is written first.
func (t *tree) put(spans []span) label {
	if len(spans) == 1 {
		return t.leaf(spans[0])
	}
	// A single number among others of one outcome is one comparison.
	if len(spans) == 3 && spans[1].from+1 == spans[2].from && spans[0].same(spans[2]) {
		rest := t.leaf(spans[2])
		return t.jump(opJEQ, spans[1].from, t.leaf(spans[1]), rest)
	}
	mid := len(spans) / 2
	high := t.put(spans[mid:])
	low := t.put(spans[:mid])
	return t.jump(opJGE, spans[mid].from, high, low)
}

// leaf is the place of an outcome, which numbers share.
func (t *tree) leaf(s span) label {
	if s.rules == nil {
		return t.ret(s.ret)
	}
	for _, k := range t.known {
		if k.same(s) {
			return k.at
		}
	}
	// From the last rule to the first: where a rule does not hold, the next one is asked.
	next := t.ret(s.ret)
	for _, r := range slices.Backward(s.rules) {
		ok := t.ret(r.ret)
		for _, c := range slices.Backward(r.conds) {
			ok = t.cond(s.arch, c, ok, next)
		}
		next = ok
	}
	t.known = append(t.known, place{s, next})
	return next
}
