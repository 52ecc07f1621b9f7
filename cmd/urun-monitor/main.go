// Go's runtime would keep the cgroup's cpu files open.
//
//go:debug containermaxprocs=0

// Urun-monitor watches one container for urun, where urun itself does not stay: see package monitor. Nobody but urun starts it.
package main

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/companion"
	"github.com/urun/urun/pkg/monitor"
)

func main() {
	if !ordered() {
		fmt.Fprintln(os.Stderr, "urun-monitor: urun starts this program where a container needs it; by itself it does nothing")
		os.Exit(1)
	}
	os.Exit(monitor.Main())
}

// ordered says whether urun is there to give an order.
func ordered() bool {
	var st unix.Stat_t
	return unix.Fstat(companion.TalkFD, &st) == nil && st.Mode&unix.S_IFMT == unix.S_IFSOCK
}
