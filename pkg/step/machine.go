package step

import (
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/program"
)

// Hostname sets the name of the UTS namespace (sethostname(2)).
type Hostname struct{ Name string }

func (s Hostname) String() string { return "hostname " + s.Name }

// Emit implements Step.
func (s Hostname) Emit(p *program.Program) {
	p.Call(unix.SYS_SETHOSTNAME, p.Str(s.Name), program.Int(len(s.Name)))
}

// Domainname sets the NIS domain name of the UTS namespace (setdomainname(2)).
type Domainname struct{ Name string }

func (s Domainname) String() string { return "domainname " + s.Name }

// Emit implements Step.
func (s Domainname) Emit(p *program.Program) {
	p.Call(unix.SYS_SETDOMAINNAME, p.Str(s.Name), program.Int(len(s.Name)))
}

// Loopback brings the interface lo of a new network namespace up; the kernel gives it its addresses.
type Loopback struct{}

func (Loopback) String() string { return "bring lo up" }

// Emit implements Step.
func (Loopback) Emit(p *program.Program) {
	// struct ifreq of netdevice(7): the name in 16 bytes, then the flags.
	req := make([]byte, 40)
	copy(req, "lo")
	nativeEndian.PutUint16(req[16:], unix.IFF_UP)
	fd := p.Call(unix.SYS_SOCKET, program.Int(unix.AF_INET), program.Int(unix.SOCK_DGRAM|unix.SOCK_CLOEXEC), program.Int(0))
	p.Call(unix.SYS_IOCTL, fd, program.Int(unix.SIOCSIFFLAGS), p.Data(req))
	p.Close(fd)
}

// Keyring gives the container a session keyring of its own, so that it cannot see the caller's keys (keyrings(7)).
type Keyring struct{ Name string }

func (s Keyring) String() string { return "session keyring " + s.Name }

// Emit implements Step.
func (s Keyring) Emit(p *program.Program) {
	p.Call(unix.SYS_KEYCTL, program.Int(unix.KEYCTL_JOIN_SESSION_KEYRING), p.Str(s.Name))
}

// Sysctl sets a kernel parameter of the container's namespaces. It is written through the host's /proc, before the
// container's tree is entered: /proc/sys shows each reader its own namespaces, and nothing of the container can stand in
// the way (CVE-2025-52881).
type Sysctl struct{ Key, Value string }

func (s Sysctl) String() string { return "sysctl " + s.Key + "=" + s.Value }

// Path is the file of the parameter. Dots in the key are slashes, and the other way round, unless a slash comes first
// (sysctl(8)).
func (s Sysctl) Path() string {
	if i := strings.IndexAny(s.Key, "./"); i >= 0 && s.Key[i] == '/' {
		return "/proc/sys/" + s.Key
	}
	swap := func(r rune) rune {
		switch r {
		case '.':
			return '/'
		case '/':
			return '.'
		}
		return r
	}
	return "/proc/sys/" + strings.Map(swap, s.Key)
}

// Emit implements Step.
func (s Sysctl) Emit(p *program.Program) { p.WriteFile(s.Path(), s.Value) }

// OOMScore sets how readily the kernel kills the process when memory runs out, -1000 to 1000 (proc(5)).
type OOMScore struct{ Adj int }

func (s OOMScore) String() string { return "oom_score_adj " + strconv.Itoa(s.Adj) }

// Emit implements Step.
func (s OOMScore) Emit(p *program.Program) {
	p.WriteFile("/proc/self/oom_score_adj", strconv.Itoa(s.Adj))
}
