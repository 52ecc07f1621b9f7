// Package sys is urun's edge to the kernel: the fork, the interpreter that a forked child runs, and the few typed
// calls that x/sys does not have. It is the only home of unsafe.
//
// The child of Fork lives without the Go runtime: one thread, signals blocked, no scheduler, no allocator. All it
// can do is what Code says, system call after system call. See [Fork] for the argument why that is safe.
package sys
