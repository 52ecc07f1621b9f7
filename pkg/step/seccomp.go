package step

import (
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/program"
)

// Seccomp loads a filter of system calls (seccomp(2)), which holds from the next call on.
// Precondition: no_new_privs is set, or CAP_SYS_ADMIN effective in the user namespace.
type Seccomp struct {
	Insns []unix.SockFilter
	Flags uint32 // SECCOMP_FILTER_FLAG_*

	// Listener is the socket of the agent that decides about some of the calls; empty: no call needs one. The parent hands it
	// the descriptor, before anything that it must decide about is done.
	Listener string
}

var filterFlags = [...]struct {
	name string
	flag uint32
}{
	{"TSYNC", unix.SECCOMP_FILTER_FLAG_TSYNC}, {"LOG", unix.SECCOMP_FILTER_FLAG_LOG},
	{"SPEC_ALLOW", unix.SECCOMP_FILTER_FLAG_SPEC_ALLOW}, {"WAIT_KILLABLE_RECV", unix.SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV},
}

func (s Seccomp) String() string {
	text := "seccomp filter of " + strconv.Itoa(len(s.Insns)) + " instructions"
	for _, f := range filterFlags {
		if s.Flags&f.flag != 0 {
			text += ", " + f.name
		}
	}
	if s.Listener != "" {
		text += ", asking " + s.Listener
	}
	return text
}

// Explain implements program.Explainer.
func (s Seccomp) Explain(errno syscall.Errno) string {
	why := ""
	switch errno {
	case unix.EACCES:
		why = "it needs process.noNewPrivileges, or CAP_SYS_ADMIN in the user namespace"
	case unix.EBUSY:
		why = "a filter around this process has an agent already, and the kernel allows one (linux.seccomp.listenerPath)"
	case unix.EINVAL:
		why = "this kernel does not know one of its flags, or has no seccomp filters (CONFIG_SECCOMP_FILTER)"
	case unix.ENOMEM:
		why = "with the filters that are around this process already it is too long"
	case unix.ENOSYS:
		why = "this kernel has no seccomp(2), or a filter around this process hides it"
	default:
		return ""
	}
	return strings.Join([]string{s.String(), errno.Error(), why}, ": ")
}

// Emit implements Step.
func (s Seccomp) Emit(p *program.Program) {
	listens := s.Listener != ""
	if listens { // the parent takes the descriptor out of the process (pidfd_getfd(2)), which must be open to it for that
		p.Prctl(unix.PR_SET_DUMPABLE, program.Int(1))
	}
	// struct sock_fprog of linux/filter.h: the length in 16 bits, and the address.
	var length [8]byte
	nativeEndian.PutUint16(length[:], uint16(len(s.Insns)))
	filter := p.Record(program.Int(nativeEndian.Uint64(length[:])), p.Data(packInsns(s.Insns)))
	fd := p.Call(unix.SYS_SECCOMP, program.Int(unix.SECCOMP_SET_MODE_FILTER), program.Int(s.Flags), filter)
	if listens {
		p.Tell(program.Listener, fd)
		p.Await()
	}
}

// packInsns lays instructions out as struct sock_filter of linux/filter.h.
func packInsns(insns []unix.SockFilter) []byte {
	b := make([]byte, 0, 8*len(insns))
	for _, i := range insns {
		b = nativeEndian.AppendUint16(b, i.Code)
		b = append(b, i.Jt, i.Jf)
		b = nativeEndian.AppendUint32(b, i.K)
	}
	return b
}

// GiveUp leaves the process the capabilities of Caps alone, once a filter is loaded that took one more. Its ambient ones stay.
type GiveUp struct {
	Name string // the one that is given up
	Caps Caps
}

func (s GiveUp) String() string { return "give up " + s.Name }

// Emit implements Step.
func (s GiveUp) Emit(p *program.Program) { s.Caps.set(p) }
