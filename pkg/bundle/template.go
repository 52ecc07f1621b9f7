package bundle

import (
	specs "github.com/opencontainers/runtime-spec/specs-go"
	"github.com/urun/urun/pkg/idmap"
)

// TemplateOptions say what the default config shall have.
type TemplateOptions struct {
	NetworkNS   bool   // a network namespace of its own, with nothing but lo; else the host's network
	Terminal    bool   // a terminal for the process
	CgroupMount bool   // the container's cgroups at /sys/fs/cgroup; only hosts with cgroup v2 can have it
	Unfiltered  bool   // no filter of system calls; else the default one
	MaxFiles    uint64 // the caller's hard limit of open files, which cannot be raised; 0 when unknown
}

// Template returns a config that runs a shell in ./rootfs without any privilege, with these id maps. An error means that
// there is no default filter of system calls for this machine.
func Template(uid, gid idmap.Map, o TemplateOptions) (*specs.Spec, error) {
	s := template(uid, gid, o)
	if o.Unfiltered {
		return s, nil
	}
	filter, err := defaultFilter(s)
	s.Linux.Seccomp = filter
	return s, err
}

func template(uid, gid idmap.Map, o TemplateOptions) *specs.Spec {
	return &specs.Spec{
		Version:  specs.Version,
		Root:     &specs.Root{Path: "rootfs", Readonly: true},
		Hostname: "urun",
		Process:  process(uid, gid, o),
		Mounts:   mounts(gid, o),
		Linux: &specs.Linux{
			UIDMappings:   uid,
			GIDMappings:   gid,
			Namespaces:    namespaces(o),
			MaskedPaths:   maskedPaths(),
			ReadonlyPaths: []string{"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"},
		},
	}
}

func process(uid, gid idmap.Map, o TemplateOptions) *specs.Process {
	caps := capabilities(uid)
	return &specs.Process{
		Terminal: o.Terminal,
		User:     specs.User{UID: lowest(uid), GID: lowest(gid)},
		Args:     []string{"sh"},
		Env: []string{
			"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
			"TERM=xterm",
		},
		Cwd:             "/",
		Capabilities:    &specs.LinuxCapabilities{Bounding: caps, Effective: caps, Permitted: caps},
		Rlimits:         []specs.POSIXRlimit{openFiles(o.MaxFiles)},
		NoNewPrivileges: true,
	}
}

// lowest is 0 wherever 0 is mapped.
func lowest(m idmap.Map) uint32 {
	if _, ok := m.ToHost(0); ok || len(m) == 0 {
		return 0
	}
	least := m[0].ContainerID
	for _, line := range m {
		least = min(least, line.ContainerID)
	}
	return least
}

// openFiles is 1024 with room up to 4096: what Linux gives its first process, so there is hardly a host on which
// the hard limit would be a raise, which takes a privilege.
func openFiles(callers uint64) specs.POSIXRlimit {
	hard := uint64(4096)
	if callers != 0 {
		hard = min(hard, callers)
	}
	return specs.POSIXRlimit{Type: "RLIMIT_NOFILE", Hard: hard, Soft: min(1024, hard)}
}

// capabilities returns those of the container's root. With one id there is nobody to become and nothing to chown,
// so it gets the three that runc gives. With a range it gets what engines give by default as well: ordinary
// images start as root, chown their data and change to a user of their own (redis does). All of them hold in
// the container's user namespace only, over ids that are the caller's own already.
func capabilities(uid idmap.Map) []string {
	if len(uid) == 0 || len(uid) == 1 && uid[0].Size == 1 {
		return []string{"CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE"}
	}
	return []string{
		"CAP_AUDIT_WRITE", "CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER", "CAP_FSETID", "CAP_KILL",
		"CAP_NET_BIND_SERVICE", "CAP_SETFCAP", "CAP_SETGID", "CAP_SETPCAP", "CAP_SETUID", "CAP_SYS_CHROOT",
	}
}

func namespaces(o TemplateOptions) []specs.LinuxNamespace {
	ns := []specs.LinuxNamespace{
		{Type: specs.PIDNamespace}, {Type: specs.IPCNamespace}, {Type: specs.UTSNamespace},
		{Type: specs.MountNamespace}, {Type: specs.UserNamespace}, {Type: specs.CgroupNamespace},
	}
	if o.NetworkNS {
		ns = append(ns, specs.LinuxNamespace{Type: specs.NetworkNamespace})
	}
	return ns
}

// maskedPaths are those of /proc and /sys that tell about the host or reach it; the same as runc's.
func maskedPaths() []string {
	return []string{
		"/proc/acpi", "/proc/asound", "/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/timer_list",
		"/proc/timer_stats", "/proc/sched_debug", "/sys/firmware", "/proc/scsi",
	}
}
