package monitor

import (
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"strconv"

	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/companion"
)

// harden makes the process one that nobody can look into, that keeps nothing of urun's caller open, and that only SIGKILL ends
// before its container: systemd sends SIGTERM to all of a scope that it stops, and the container may take its time.
func harden() {
	_ = unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0)
	closeInherited()
	ignoreSignals()
	runtime.GOMAXPROCS(1)
	debug.SetGCPercent(20) // a small heap matters more than time
}

// carry readies the process for carrying bytes. Both ends of what it carries need a CPU for each of its own, so that half of them is
// all it can use; with more, Go's threads wake each other for nothing, which a new connection pays for (a fifth of the CPU time, with
// two CPUs) and a stream does not gain by.
func carry() { runtime.GOMAXPROCS(max(1, runtime.NumCPU()/2)) }

// ignoreSignals leaves SIGPIPE to Go, which lets a write fail. What is ignored stays so in a helper, and pasta does not begin where
// SIGPIPE is.
func ignoreSignals() {
	signal.Ignore(unix.SIGHUP, unix.SIGINT, unix.SIGQUIT, unix.SIGTERM, unix.SIGUSR1, unix.SIGUSR2, unix.SIGALRM,
		unix.SIGTSTP, unix.SIGTTIN, unix.SIGTTOU, unix.SIGWINCH)
}

// closeInherited closes what urun's caller has left open for whoever comes. It has no close-on-exec flag, unlike what Go's runtime
// has opened by now.
func closeInherited() {
	names, _ := os.ReadDir("/proc/self/fd")
	for _, n := range names {
		fd, err := strconv.Atoi(n.Name())
		if err != nil || fd <= companion.DirFD {
			continue
		}
		if flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err == nil && flags&unix.FD_CLOEXEC == 0 {
			_ = unix.Close(fd)
		}
	}
}
