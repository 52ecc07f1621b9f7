package seccomp

import (
	"slices"
	"testing"
)

// TestLongJumps: both branches of a comparison arrive, however far away their answers are, together or apart.
func TestLongJumps(t *testing.T) {
	for _, between := range []int{0, 1, 253, 254, 255, 256, 257, 600} {
		for _, above := range []int{0, 1, 2, 253, 254, 255, 256, 257, 600} {
			a := &asm{}
			far := a.put(opRet, 1, 0, 0)
			pad(a, between)
			near := a.put(opRet, 2, 0, 0)
			pad(a, above)
			start := a.jump(opJEQ, 7, near, far)
			swapped := a.jump(opJEQ, 7, far, near)
			for nr, want := range map[uint32]uint32{7: 2, 8: 1} {
				check(t, a, start, nr, want)
				check(t, a, swapped, nr, 3-want)
			}
		}
	}
}

// pad puts instructions that nothing jumps to.
func pad(a *asm, n int) {
	for range n {
		a.put(opRet, 99, 0, 0)
	}
}

// check runs the program from a place on.
func check(t *testing.T, a *asm, start label, nr, want uint32) {
	t.Helper()
	b := &asm{code: slices.Clone(a.code[:start])}
	b.put(opLoad, offNr, 0, 0)
	f, err := b.program()
	if err != nil {
		t.Fatal(err)
	}
	loadable(t, f)
	if got, _, err := interpret(f, event{nr: nr}, little); err != nil || got != want {
		t.Errorf("start %d: %d (%v), want %d", start, got, err, want)
	}
}
