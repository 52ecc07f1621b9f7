package procs

import (
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

// How often a guard looks: the seldomer, the further the container is from its limit, and so that it takes 1/share of one CPU at
// most. A look costs about four microseconds for each process of the machine, and, where the shares of pages have to be asked for,
// four milliseconds for each 100 MB of the container's.
const (
	often  = 50 * time.Millisecond
	seldom = time.Second
	share  = 20
)

// A Guard holds all processes of a container together to an amount of memory. It looks from time to time, so that for a moment
// they can have more; RLIMIT_DATA beside it holds each process by itself, at once.
type Guard struct {
	Pid   int    // the container's first process
	PidFD int    // of the same; not the guard's to close
	Kind  string // of the namespace that tells its processes: Pid or User
	Limit uint64 // in bytes

	ns *Namespace
}

// Look adds up the memory, and ends the container when that is more than the limit: then why says so. Look again after next.
func (g *Guard) Look() (why string, next time.Duration) {
	began := time.Now()
	sum, n, err := g.sum()
	if err != nil {
		return "", seldom
	}
	if sum <= g.Limit {
		return "", pause(sum, g.Limit, time.Since(began))
	}
	g.kill()
	return fmt.Sprintf("its %d processes had %s together, more than linux.resources.memory.limit allows (%s)", n, mib(sum), mib(g.Limit)), often
}

// Close lets go of the namespace.
func (g *Guard) Close() {
	if g.ns != nil {
		g.ns.Close()
	}
}

// pause is how long a sum below the limit can be left alone that took so long to find.
func pause(sum, limit uint64, took time.Duration) time.Duration {
	return max(often, share*took, time.Duration(float64(seldom)*(1-float64(sum)/float64(limit))))
}

func mib(n uint64) string { return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20)) }

// sum is the memory of all processes, and how many they are. What is resident counts shared pages again for each process: it is
// never too little, and costs next to nothing. Only when that is too much the kernel is asked for the shares.
func (g *Guard) sum() (bytes uint64, n int, err error) {
	pids, err := g.members()
	if err != nil {
		return 0, 0, err
	}
	if bytes = total(pids, resident); bytes > g.Limit {
		bytes = total(pids, proportional)
	}
	return bytes, len(pids), nil
}

func total(pids []int, of func(int) uint64) (sum uint64) {
	for _, pid := range pids {
		sum += of(pid)
	}
	return sum
}

// members are the container's processes. Before its start the first one lets nobody look at its namespace, and is alone.
func (g *Guard) members() ([]int, error) {
	if g.ns == nil {
		ns, err := Open(g.Pid, g.Kind)
		if err != nil || g.ended() { // then the pid may be another's by now
			return nil, err
		}
		g.ns = ns
	}
	return g.ns.Members()
}

func (g *Guard) ended() bool {
	n, err := unix.Poll([]unix.PollFd{{Fd: int32(g.PidFD), Events: unix.POLLIN}}, 0)
	return err == nil && n > 0
}

// kill ends the container: with the first process of a pid namespace go all of it (pid_namespaces(7)); else it is each that is
// found.
func (g *Guard) kill() {
	_ = unix.PidfdSendSignal(g.PidFD, unix.SIGKILL, nil, 0)
	if g.Kind == Pid {
		return
	}
	pids, _ := g.ns.Members()
	for _, pid := range pids {
		fd, err := unix.PidfdOpen(pid, 0)
		if err != nil {
			continue
		}
		if g.ns.Has(pid) { // still, now that it is held
			_ = unix.PidfdSendSignal(fd, unix.SIGKILL, nil, 0)
		}
		unix.Close(fd)
	}
}
