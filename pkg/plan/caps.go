package plan

import (
	"slices"
	"strings"

	specs "github.com/opencontainers/runtime-spec/specs-go"
)

// capNames are the capabilities by number (linux/capability.h), without their prefix.
var capNames = [...]string{
	"CHOWN", "DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER", "FSETID", "KILL", "SETGID", "SETUID", "SETPCAP", "LINUX_IMMUTABLE",
	"NET_BIND_SERVICE", "NET_BROADCAST", "NET_ADMIN", "NET_RAW", "IPC_LOCK", "IPC_OWNER", "SYS_MODULE", "SYS_RAWIO",
	"SYS_CHROOT", "SYS_PTRACE", "SYS_PACCT", "SYS_ADMIN", "SYS_BOOT", "SYS_NICE", "SYS_RESOURCE", "SYS_TIME",
	"SYS_TTY_CONFIG", "MKNOD", "LEASE", "AUDIT_WRITE", "AUDIT_CONTROL", "SETFCAP", "MAC_OVERRIDE", "MAC_ADMIN", "SYSLOG",
	"WAKE_ALARM", "BLOCK_SUSPEND", "AUDIT_READ", "PERFMON", "BPF", "CHECKPOINT_RESTORE",
}

// CapNames lists the capabilities that urun knows, for the features document.
func CapNames() []string {
	list := make([]string, len(capNames))
	for i, n := range capNames {
		list[i] = "CAP_" + n
	}
	return list
}

type capSets struct {
	bounding, effective, permitted, inheritable, ambient uint64
}

// parseCaps turns names into bits. A name that urun or this kernel does not know is left out with a notice, as the
// spec asks (config.md, "capabilities"); no capabilities at all means none.
func parseCaps(p *specs.Process, last int, note func(Notice)) capSets {
	var sets capSets
	caps := p.Capabilities
	if caps == nil {
		return sets
	}
	var unknown []string
	for _, set := range []struct {
		names []string
		bits  *uint64
	}{
		{caps.Bounding, &sets.bounding}, {caps.Effective, &sets.effective}, {caps.Permitted, &sets.permitted},
		{caps.Inheritable, &sets.inheritable}, {caps.Ambient, &sets.ambient},
	} {
		for _, name := range set.names {
			n := capNumber(name)
			if n >= 0 && n <= last {
				*set.bits |= 1 << n
			} else {
				unknown = append(unknown, name)
			}
		}
	}
	if len(unknown) > 0 {
		slices.Sort(unknown)
		note(Notice{
			Code: "URUN-CAP-001", Want: "capability " + strings.Join(slices.Compact(unknown), ", "), Got: "left out",
			Why: "unknown to urun or to this kernel",
		})
	}
	sets.possible(note)
	sets.possibleAmbient(p.User.UID, note)
	return sets
}

// possible leaves out what capset(2) would refuse with all else: the effective capabilities that are not permitted, and the
// inheritable ones that are not in the bounding set.
func (s *capSets) possible(note func(Notice)) {
	for _, set := range []struct {
		name, within string
		bits         *uint64
		most         uint64
	}{{"effective", "permitted", &s.effective, s.permitted}, {"inheritable", "bounding", &s.inheritable, s.bounding}} {
		if lost := *set.bits &^ set.most; lost != 0 {
			note(Notice{
				Code: "URUN-CAP-003", Want: "process.capabilities." + set.name, Got: "only those that are in " + set.within + " as well",
				Why: "the kernel grants no others (capset(2))", Fix: "name them in " + set.within + " too",
			})
			*set.bits &^= lost
		}
	}
}

// possibleAmbient leaves only the ambient capabilities that the kernel would grant: they must be permitted and inheritable.
// For root nothing is lost with them, so nothing is said; runc's own template asks for them.
func (s *capSets) possibleAmbient(uid uint32, note func(Notice)) {
	possible := s.ambient & s.permitted & s.inheritable
	if possible != s.ambient && uid != 0 {
		note(Notice{
			Code: "URUN-CAP-002", Want: "process.capabilities.ambient", Got: "only those that are permitted and inheritable as well",
			Why: "the kernel grants no others (capabilities(7))", Fix: "name them in inheritable and permitted too",
		})
	}
	s.ambient = possible
}

// capNumber returns the number of CAP_NAME, -1 for an unknown name.
func capNumber(name string) int {
	short, ok := strings.CutPrefix(name, "CAP_")
	if !ok {
		return -1
	}
	return slices.Index(capNames[:], short)
}
