package seccomp

// cond writes a comparison of 64 bits as one of each half. The accumulator is loaded anew for each.
func (t *tree) cond(a *arch, c cond, yes, no label) label {
	switch c.op {
	case opEQ:
		return t.equal(a, c, yes, no)
	case opNE:
		return t.equal(a, c, no, yes)
	case opGT:
		return t.above(a, c, opJGT, yes, no)
	case opLE:
		return t.above(a, c, opJGT, no, yes)
	case opGE:
		return t.above(a, c, opJGE, yes, no)
	case opLT:
		return t.above(a, c, opJGE, no, yes)
	}
	yes = t.masked(a.low(c.arg), uint32(c.mask), uint32(c.value), yes, no)
	if a.size == bits64 {
		yes = t.masked(a.high(c.arg), uint32(c.mask>>32), uint32(c.value>>32), yes, no)
	}
	return yes
}

func (t *tree) equal(a *arch, c cond, yes, no label) label {
	t.jump(opJEQ, uint32(c.value), yes, no)
	here := t.put32(a.low(c.arg))
	if a.size == bits64 {
		t.jump(opJEQ, uint32(c.value>>32), here, no)
		here = t.put32(a.high(c.arg))
	}
	return here
}

// above compares the high halves, and the low ones, with op, where those are equal.
func (t *tree) above(a *arch, c cond, op uint16, yes, no label) label {
	t.jump(op, uint32(c.value), yes, no)
	here := t.put32(a.low(c.arg))
	if a.size == bits64 {
		rest := t.jump(opJEQ, uint32(c.value>>32), here, no)
		t.jump(opJGT, uint32(c.value>>32), yes, rest)
		here = t.put32(a.high(c.arg))
	}
	return here
}

// masked compares the bits of one half that the mask lets through, if there are any.
func (t *tree) masked(offset, mask, value uint32, yes, no label) label {
	if mask == 0 {
		return yes
	}
	t.jump(opJEQ, value, yes, no)
	if mask != 0xffffffff {
		t.asm.put(opAnd, mask, 0, 0)
	}
	return t.put32(offset)
}

func (t *tree) put32(offset uint32) label { return t.asm.put(opLoad, offset, 0, 0) }

// low is the offset of the low half of an argument.
func (a *arch) low(arg uint) uint32 {
	if a.order == big {
		return offArgs + 8*uint32(arg) + 4
	}
	return offArgs + 8*uint32(arg)
}

// high is the offset of the high half of an argument.
func (a *arch) high(arg uint) uint32 {
	if a.order == big {
		return offArgs + 8*uint32(arg)
	}
	return offArgs + 8*uint32(arg) + 4
}
