package step

import (
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/program"
)

// Rlimit sets a resource limit (getrlimit(2)).
type Rlimit struct {
	Name       string // RLIMIT_NOFILE
	Resource   int
	Soft, Hard uint64
	Callers    uint64 // the caller's own hard limit, for people, where Above
	Above      bool   // Hard is known to be above the caller's
}

func (s Rlimit) String() string {
	return "rlimit " + s.Name + " " + limit(s.Soft) + ":" + limit(s.Hard)
}

// Explain implements program.Explainer.
func (s Rlimit) Explain(errno syscall.Errno) string {
	if errno != unix.EPERM {
		return ""
	}
	if s.Above {
		return s.String() + ": operation not permitted: the hard limit " + limit(s.Hard) + " is above " + limit(s.Callers) +
			", the caller's own, which an ordinary user cannot raise (see ulimit -H)"
	}
	return s.String() + ": operation not permitted: an ordinary user cannot raise a hard limit (see ulimit -H)"
}

// Emit implements Step.
func (s Rlimit) Emit(p *program.Program) {
	p.Call(unix.SYS_PRLIMIT64, program.Int(0), program.Int(s.Resource), p.Record(program.Int(s.Soft), program.Int(s.Hard)), program.Int(0))
}

func limit(v uint64) string {
	if v == unix.RLIM_INFINITY {
		return "unlimited"
	}
	return strconv.FormatUint(v, 10)
}

// Cwd changes to the working directory. Its path may not lead through magic links, so a descriptor that leaked from the
// host cannot carry it out of the root (CVE-2024-21626).
type Cwd struct{ Path string }

func (s Cwd) String() string { return "change to " + s.Path }

// Explain implements program.Explainer.
func (s Cwd) Explain(errno syscall.Errno) string {
	switch errno {
	case unix.ENOENT:
		return "change to " + s.Path + ": no such directory in the container; create it or set process.cwd to one that exists"
	case unix.ELOOP:
		return "change to " + s.Path + ": the path leads through a descriptor (/proc/…/fd) or a loop of links and is refused"
	}
	return ""
}

// Emit implements Step.
func (s Cwd) Emit(p *program.Program) {
	fd := p.Openat2(program.CWD, s.Path, unix.O_PATH|unix.O_DIRECTORY, 0, unix.RESOLVE_NO_MAGICLINKS)
	p.Fchdir(fd)
}

// Umask sets the file mode creation mask of the container's process.
type Umask struct{ Mask uint32 }

func (s Umask) String() string { return "umask 0" + strconv.FormatUint(uint64(s.Mask), 8) }

// Emit implements Step.
func (s Umask) Emit(p *program.Program) { p.Call(unix.SYS_UMASK, program.Int(s.Mask)) }

// Bounding drops the capabilities that are not in Keep from the bounding set (capabilities(7)).
type Bounding struct {
	Keep uint64 // bit n: capability n
	Last int    // the newest capability of this kernel
}

func (s Bounding) String() string { return "bounding set 0x" + strconv.FormatUint(s.Keep, 16) }

// Emit implements Step.
func (s Bounding) Emit(p *program.Program) {
	for c := range s.Last + 1 {
		if s.Keep&(1<<c) == 0 {
			p.Prctl(unix.PR_CAPBSET_DROP, program.Int(c))
		}
	}
}

// User becomes the user of the container's process; permitted capabilities are kept for Caps to choose from.
type User struct {
	UID, GID  uint32
	Groups    []uint32
	SetGroups bool // setgroups(2) is allowed in the namespace
}

func (s User) String() string {
	text := "user " + strconv.FormatUint(uint64(s.UID), 10) + ":" + strconv.FormatUint(uint64(s.GID), 10)
	if len(s.Groups) > 0 {
		text += " groups " + list(s.Groups)
	}
	return text
}

// Emit implements Step.
func (s User) Emit(p *program.Program) {
	p.Prctl(unix.PR_SET_KEEPCAPS, program.Int(1))
	if s.SetGroups {
		p.Call(unix.SYS_SETGROUPS, program.Int(len(s.Groups)), p.Data(packIDs(s.Groups)))
	}
	setIDs(p, s.UID, s.GID)
	p.Prctl(unix.PR_SET_KEEPCAPS, program.Int(0))
}

func packIDs(ids []uint32) []byte {
	b := make([]byte, 0, 4*len(ids))
	for _, id := range ids {
		b = nativeEndian.AppendUint32(b, id)
	}
	return b
}

// Caps sets the capability sets of the process; bit n is capability n. Ambient ones survive an execve of a user who is
// not root (capabilities(7)).
type Caps struct {
	Effective, Permitted, Inheritable, Ambient uint64
}

func (s Caps) String() string {
	text := "capabilities effective 0x" + strconv.FormatUint(s.Effective, 16) + " permitted 0x" + strconv.FormatUint(s.Permitted, 16)
	if s.Inheritable != 0 {
		text += " inheritable 0x" + strconv.FormatUint(s.Inheritable, 16)
	}
	if s.Ambient != 0 {
		text += " ambient 0x" + strconv.FormatUint(s.Ambient, 16)
	}
	return text
}

// set emits the three sets that capset(2) knows.
func (s Caps) set(p *program.Program) {
	header := p.Record(program.Pair(unix.LINUX_CAPABILITY_VERSION_3, 0))
	low, high := uint32(s.Effective), uint32(s.Effective>>32)
	data := p.Record(
		program.Pair(low, uint32(s.Permitted)),
		program.Pair(uint32(s.Inheritable), high),
		program.Pair(uint32(s.Permitted>>32), uint32(s.Inheritable>>32)),
	)
	p.Call(unix.SYS_CAPSET, header, data)
}

// Emit implements Step.
func (s Caps) Emit(p *program.Program) {
	s.set(p)
	p.Prctl(unix.PR_CAP_AMBIENT, program.Int(unix.PR_CAP_AMBIENT_CLEAR_ALL), program.Int(0), program.Int(0), program.Int(0))
	for c := range 64 {
		if s.Ambient&(1<<c) != 0 {
			p.Prctl(unix.PR_CAP_AMBIENT, program.Int(unix.PR_CAP_AMBIENT_RAISE), program.Int(c), program.Int(0), program.Int(0))
		}
	}
}

// NoNewPrivs makes execve(2) give no more rights than the process has.
type NoNewPrivs struct{}

func (NoNewPrivs) String() string { return "no new privileges" }

// Emit implements Step.
func (NoNewPrivs) Emit(p *program.Program) {
	p.Prctl(unix.PR_SET_NO_NEW_PRIVS, program.Int(1), program.Int(0), program.Int(0), program.Int(0))
}
