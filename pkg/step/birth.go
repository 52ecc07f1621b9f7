package step

import (
	"runtime"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/idmap"
	"github.com/urun/urun/pkg/program"
)

// MaxGaps is the number of ranges of descriptors that Keep can close.
const MaxGaps = 8

// Gap names the inputs of range i of Keep.
func Gap(i int) (first, last string) {
	n := strconv.Itoa(i)
	return "gap" + n, "gap" + n + "end"
}

// Keep closes every descriptor of the caller but those that the program uses: they are the ranges between the inputs
// Gap(0), Gap(1), …; an unset range is empty. A lock or a log file of urun must not live on in a waiting container.
type Keep struct{}

func (Keep) String() string { return "close what is not for the container" }

// Emit implements Step.
func (Keep) Emit(p *program.Program) {
	for i := range MaxGaps {
		first, last := Gap(i)
		p.CloseRange(p.Input(first), p.Input(last), 0)
	}
}

// Undumpable takes the process out of reach of ptrace and of /proc/PID readers who are not root on the host, before it
// joins a namespace in which somebody already lives, and while a container waits for its start: the memory of both is a copy
// of urun's, the caller's environment included (CVE-2016-9962).
type Undumpable struct{}

func (Undumpable) String() string { return "be undumpable" }

// Emit implements Step.
func (Undumpable) Emit(p *program.Program) {
	p.Prctl(unix.PR_SET_DUMPABLE, program.Int(0))
}

// Dumpable lets the caller in again, who must write the clocks of a new time namespace from outside.
type Dumpable struct{}

func (Dumpable) String() string { return "be dumpable for a moment" }

// Emit implements Step.
func (Dumpable) Emit(p *program.Program) { p.Prctl(unix.PR_SET_DUMPABLE, program.Int(1)) }

// Join enters namespaces that exist already: those of the input Input, a descriptor of a namespace file or a pidfd
// (setns(2)).
type Join struct {
	Input string // name of the input with the descriptor
	Flags uint64 // CLONE_NEW* of what is joined
	From  string // where the namespace comes from, for people
}

func (s Join) String() string { return "join " + program.Namespaces(s.Flags) + " of " + s.From }

// Emit implements Step.
func (s Join) Emit(p *program.Program) {
	p.Call(unix.SYS_SETNS, p.Input(s.Input), program.Int(s.Flags))
}

// Fork continues in a child of the same parent, in new namespaces: a pid namespace is entered only by being born into it
// (pid_namespaces(7)). The process that forks reports the child's pid and ends.
type Fork struct {
	Flags uint64 // CLONE_NEW*
}

func (s Fork) String() string {
	if s.Flags == 0 {
		return "fork"
	}
	return "fork into new " + program.Namespaces(s.Flags)
}

// Emit implements Step.
func (s Fork) Emit(p *program.Program) {
	if s.Flags&unix.CLONE_NEWTIME != 0 {
		// clone(2) has no bit left for it; unshare(2) puts the children into it.
		p.Call(unix.SYS_UNSHARE, program.Int(unix.CLONE_NEWTIME))
	}
	flags, stack := program.Int(s.Flags&^unix.CLONE_NEWTIME|unix.CLONE_PARENT), program.Int(0)
	if runtime.GOARCH == "s390x" {
		flags, stack = stack, flags
	}
	pid := p.Call(unix.SYS_CLONE, flags, stack)
	p.Try(func() { p.Expect(pid, ^uint64(0), 0, unix.ECHILD) }, func() {
		p.Tell(program.Born, pid)
		p.Call(unix.SYS_EXIT_GROUP, program.Int(0))
	}, unix.ECHILD)
}

// Unshare makes new namespaces for the process itself (unshare(2)).
type Unshare struct {
	Flags uint64 // CLONE_NEW*
}

func (s Unshare) String() string { return "new " + program.Namespaces(s.Flags) }

// Emit implements Step.
func (s Unshare) Emit(p *program.Program) { p.Call(unix.SYS_UNSHARE, program.Int(s.Flags)) }

// IDMap writes the process's own id maps of one id each, which needs no privilege (user_namespaces(7)). setgroups(2)
// must be given up first, or dropping a group could open a file that denies that group (CVE-2014-8989).
type IDMap struct {
	UID, GID idmap.Map
}

func (s IDMap) String() string { return "map ids: uid " + s.UID.String() + ", gid " + s.GID.String() }

// Emit implements Step.
func (s IDMap) Emit(p *program.Program) {
	p.WriteFile("/proc/self/setgroups", "deny")
	p.WriteFile("/proc/self/uid_map", string(s.UID.Kernel()))
	p.WriteFile("/proc/self/gid_map", string(s.GID.Kernel()))
}

// Await waits until the parent has done its part: id maps, cgroup, network.
type Await struct {
	For string
}

func (s Await) String() string { return "wait for " + s.For }

// Emit implements Step.
func (Await) Emit(p *program.Program) { p.Await() }

// Become makes the process the given user of its namespace, with all capabilities there, no supplementary groups where
// they may be changed, and umask 022 for what it creates.
type Become struct {
	UID, GID  uint32
	SetGroups bool // setgroups(2) is allowed in the namespace
	Hidden    bool // stay undumpable: others live in the namespaces already
}

func (s Become) String() string {
	return "become " + strconv.Itoa(int(s.UID)) + ":" + strconv.Itoa(int(s.GID))
}

// Explain implements program.Explainer.
func (s Become) Explain(errno syscall.Errno) string {
	if !s.Hidden || errno != unix.EPERM && errno != unix.EINVAL {
		return ""
	}
	return s.String() + ": " + errno.Error() + ": the container's first process may have gone into a user namespace of its own, which has no such id"
}

// Emit implements Step.
func (s Become) Emit(p *program.Program) {
	if s.SetGroups {
		p.Call(unix.SYS_SETGROUPS, program.Int(0), program.Int(0))
	}
	setIDs(p, s.UID, s.GID)
	if !s.Hidden {
		// A change of ids takes dumpability away, and with it the caller's access to /proc/PID/ns, which hooks and exec need.
		p.Prctl(unix.PR_SET_DUMPABLE, program.Int(1))
	}
	p.Prctl(unix.PR_SET_NAME, p.Str("urun:init"))
	p.Call(unix.SYS_UMASK, program.Int(0o022))
}

func setIDs(p *program.Program, uid, gid uint32) {
	g, u := program.Int(gid), program.Int(uid)
	p.Call(unix.SYS_SETRESGID, g, g, g)
	p.Call(unix.SYS_SETRESUID, u, u, u)
}

// CallOut waits while the parent does what no flat list can say, such as running a hook.
type CallOut struct {
	Number int // index in the plan's list of call-outs
	Name   string
	Show   uint64 // CLONE_NEW* of the namespaces that the parent may ask to be shown; HoldNamespaces comes before then
}

func (s CallOut) String() string { return "call out: " + s.Name }

// Emit implements Step.
func (s CallOut) Emit(p *program.Program) {
	p.Tell(program.CallOut, program.Int(s.Number))
	if s.Show != 0 {
		showing(p, p.Input("sock"), s.Show)
		return
	}
	p.Await()
}

// list joins numbers with commas.
func list(ids []uint32) string {
	s := make([]string, len(ids))
	for i, id := range ids {
		s[i] = strconv.Itoa(int(id))
	}
	return strings.Join(s, ",")
}
