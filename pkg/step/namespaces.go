package step

import (
	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/program"
)

// HandleInput is the input with the number of the descriptor that HoldNamespaces makes. It is chosen beforehand, for Keep to
// leave it open, two above all others.
const HandleInput = "namespaces"

// namespaceFiles are the files of /proc/PID/ns, in the order in which they are joined: the rights to the others come with the
// user namespace.
var namespaceFiles = [...]struct {
	flag uint64
	name string
}{
	{unix.CLONE_NEWUSER, "user"}, {unix.CLONE_NEWNS, "mnt"}, {unix.CLONE_NEWUTS, "uts"}, {unix.CLONE_NEWIPC, "ipc"},
	{unix.CLONE_NEWPID, "pid"}, {unix.CLONE_NEWCGROUP, "cgroup"}, {unix.CLONE_NEWNET, "net"}, {unix.CLONE_NEWTIME, "time"},
}

// Namespace is one of a set of namespaces.
type Namespace struct {
	Flag  uint64 // CLONE_NEW*
	Input string // name of the input with its descriptor, where a program joins it
	file  string
}

// NamespacesOf lists the namespaces of the set flags (CLONE_NEW*) in the order in which they are shown and joined.
func NamespacesOf(flags uint64) []Namespace {
	list := make([]Namespace, 0, len(namespaceFiles))
	for _, n := range namespaceFiles {
		if flags&n.flag != 0 {
			list = append(list, Namespace{n.flag, "ns." + n.name, n.name})
		}
	}
	return list
}

// JoinAll enters the namespaces flags of a process that has shown them (Listen, CallOut), from the inputs that NamespacesOf
// names.
func JoinAll(flags uint64, from string) []Step {
	joins := make([]Step, 0, len(namespaceFiles))
	for _, n := range NamespacesOf(flags) {
		joins = append(joins, Join{Input: n.Input, Flags: n.Flag, From: from})
	}
	return joins
}

// HoldNamespaces takes a handle of /proc/self/ns, while /proc is still the caller's. By it the process can show its namespaces
// later to who may enter them, which the kernel would allow nobody to look for in an undumpable process (ptrace(2)).
type HoldNamespaces struct{}

func (HoldNamespaces) String() string { return "take a handle of the namespaces" }

// Emit implements Step.
func (HoldNamespaces) Emit(p *program.Program) {
	dir := p.Call(unix.SYS_OPENAT, program.CWD, p.Str("/proc/self/ns"), program.Int(unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC), program.Int(0))
	p.Call(unix.SYS_DUP3, dir, p.Input(HandleInput), program.Int(unix.O_CLOEXEC))
	p.Close(dir)
}

// showing waits on the conversation fd and shows the namespaces flags to who asks.
func showing(p *program.Program, fd program.Arg, flags uint64) {
	list := NamespacesOf(flags)
	p.AwaitAsked(fd, len(list), func(fds []program.Arg) {
		for i, n := range list {
			p.CallInto(fds[i], unix.SYS_OPENAT, p.Input(HandleInput), p.Str(n.file), program.Int(unix.O_RDONLY|unix.O_CLOEXEC), program.Int(0))
		}
	})
}
