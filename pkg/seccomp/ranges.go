package seccomp

import (
	"math"
	"slices"

	"golang.org/x/sys/unix"
)

// badArch is what libseccomp does to a call of an architecture that is not part of the filter.
const badArch = unix.SECCOMP_RET_KILL_THREAD

// span is the outcome of all numbers from here to the next span.
type span struct {
	from uint32
	outcome
	arch *arch // whose arguments the rules are about
}

func (s span) same(other span) bool {
	return s.equal(other.outcome) && (s.rules == nil || s.arch == other.arch)
}

// block is the part of a filter for one value of seccomp_data.arch.
type block struct {
	audit uint32
	spans []span // from 0 on; neighbours differ
}

// blocks are the parts of the filter, the native one first. x86-64 and x32 share one: they differ by a bit of the number.
func (s *section) blocks() []block {
	var blocks []block
	for _, a := range s.archs {
		if slices.ContainsFunc(blocks, func(b block) bool { return b.audit == a.audit }) {
			continue
		}
		b := block{audit: a.audit}
		if a.audit == unix.AUDIT_ARCH_X86_64 {
			b.spans = s.x86spans()
		} else {
			b.spans = s.profileOf(a).spans(0, math.MaxUint32)
		}
		blocks = append(blocks, b)
	}
	return blocks
}

// x86spans are those of x86-64, then those of x32. Number -1 is no call of x32, but what a tracer leaves of a call that
// it took away; where there is no x32 it is a number as any other, as in libseccomp.
func (s *section) x86spans() []span {
	bad := outcome{ret: badArch}
	low, high := []span{{0, bad, nil}}, []span{{x32Bit, bad, nil}}
	if slices.Contains(s.archs, archOf("SCMP_ARCH_X86_64")) {
		p := s.profileOf(archOf("SCMP_ARCH_X86_64"))
		low = p.spans(0, x32Bit-1)
		high = append(high, span{math.MaxUint32, p.unruled(math.MaxUint32), nil})
	}
	if slices.Contains(s.archs, archOf("SCMP_ARCH_X32")) {
		high = s.profileOf(archOf("SCMP_ARCH_X32")).spans(x32Bit, math.MaxUint32)
	}
	return slices.CompactFunc(append(low, high...), span.same)
}

// spans cover the numbers from lo to hi.
func (p *profile) spans(lo, hi uint32) []span {
	c := cover{profile: p, next: uint64(lo), cuts: p.cuts()}
	for _, d := range p.decisions {
		c.fill(uint64(d.nr))
		c.put(d.nr, d.outcome)
		c.next++
	}
	c.fill(uint64(hi) + 1)
	return c.spans
}

// cuts are the numbers at which the outcome of those changes that no rule is about, sorted. Call 0 is one of s390x.
func (p *profile) cuts() []uint32 {
	cuts := []uint32{1, p.newest + 1}
	switch p.arch.col {
	case colARM:
		cuts = append(cuts, armPrivate)
	case colX32:
		cuts = append(cuts, x32Own, x32AfterOwn)
	}
	slices.Sort(cuts)
	return cuts
}

// cover grows spans from the lowest number on.
type cover struct {
	*profile
	spans []span
	next  uint64 // the first number that is not covered yet
	cuts  []uint32
}

// fill covers the numbers before end, which no rule is about.
func (c *cover) fill(end uint64) {
	if c.next >= end {
		return
	}
	c.put(uint32(c.next), c.unruled(uint32(c.next)))
	for _, nr := range c.cuts {
		if c.next < uint64(nr) && uint64(nr) < end {
			c.put(nr, c.unruled(nr))
		}
	}
	c.next = end
}

// put begins a span, unless what was there goes on.
func (c *cover) put(nr uint32, o outcome) {
	if n := len(c.spans); n == 0 || !c.spans[n-1].equal(o) {
		c.spans = append(c.spans, span{nr, o, c.arch})
	}
}
