// Command bench compares urun with runc, crun and podman: the same bundle, in turn (A, B, C, A, B, C, …) in one run,
// so that whatever else the machine does meets all of them alike. It prints medians, and how many times as long urun
// takes. Run it with `make bench`, which builds everything and leaves root behind first.
package main
