// Package roomy, imported for its effect, has the stack of the main goroutine grown once, before there is much on it, to what a
// command of urun needs. Else it grows by doubling, while packages are initialised and again in the middle of the work. It is
// copied each time, for which the runtime reads its tables about each function on it: 40 pages of memory that are touched for the
// first time, and 0.3 MB more of the program that are mapped.
//
// It imports nothing, and so is initialised before nearly all others: a program begins with the first package, by import path, for
// which all that it imports is ready (the Go specification, "Program initialization").
package roomy

func init() { grow(false) }

// grow makes room for what it has on its stack, whether that is used or not.
//
//go:noinline
func grow(ever bool) {
	if ever {
		var room [40 << 10]byte
		use(&room)
	}
}

//go:noinline
func use(room *[40 << 10]byte) { room[0] = 1 }
