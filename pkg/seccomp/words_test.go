package seccomp

import (
	"slices"
	"strings"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"
)

// TestSorted: what is searched or shown in order is in order.
func TestSorted(t *testing.T) {
	for what, names := range map[string][]string{"actions": Actions(), "operators": Operators(), "flags": Flags(), "archs": Archs()} {
		if !slices.IsSorted(names) || len(names) == 0 {
			t.Errorf("%s: %q", what, names)
		}
	}
	for i := range table {
		if i > 0 && table[i].name <= table[i-1].name {
			t.Errorf("table: %s after %s", table[i].name, table[i-1].name)
		}
		if rowOf(table[i].name) != i {
			t.Errorf("%s is not found", table[i].name)
		}
	}
	if rowOf("") != -1 || rowOf("zzz") != -1 || rowOf("reab") != -1 {
		t.Error("found what is not there")
	}
}

// TestNumbers holds the table against numbers that are known from elsewhere: this build's, and single ones of others.
func TestNumbers(t *testing.T) {
	for _, c := range []struct {
		arch specs.Arch
		name string
		want uint32
	}{
		{Native(), "read", unix.SYS_READ}, {Native(), "seccomp", unix.SYS_SECCOMP}, {Native(), "execve", unix.SYS_EXECVE},
		{Native(), "faccessat2", unix.SYS_FACCESSAT2}, {Native(), "mount_setattr", unix.SYS_MOUNT_SETATTR},
		{specs.ArchX86_64, "execve", 59}, {specs.ArchX32, "execve", 0x40000000 + 520}, {specs.ArchX32, "read", 0x40000000},
		{specs.ArchX86, "socketcall", 102}, {specs.ArchARM, "set_tls", 0x0f0005}, {specs.ArchARM, "read", 3},
		{specs.ArchAARCH64, "read", 63}, {specs.ArchLOONGARCH64, "read", 63}, {specs.ArchRISCV64, "riscv_hwprobe", 258},
		{specs.ArchMIPS, "read", 4003}, {specs.ArchMIPSEL64, "read", 5000}, {specs.ArchPPC64LE, "clone3", 435},
		{specs.ArchS390X, "ipc", 117}, {specs.ArchPPC, "_llseek", 140},
	} {
		if got, ok := archOf(c.arch).number(rowOf(c.name)); !ok || got != c.want {
			t.Errorf("%s of %s: %d, want %d", c.name, c.arch, got, c.want)
		}
	}
	for _, c := range []struct {
		arch specs.Arch
		name string
	}{{specs.ArchX32, "vserver"}, {specs.ArchX86_64, "socketcall"}, {specs.ArchAARCH64, "open"}, {specs.ArchS390, "read"}} {
		if nr, ok := archOf(c.arch).number(rowOf(c.name)); ok {
			t.Errorf("%s of %s: %d", c.name, c.arch, nr)
		}
	}
}

// TestArchs: what the table says of an architecture is what the kernel's value for it says (__AUDIT_ARCH_64BIT and _LE of
// linux/audit.h). The two ABIs with 32 bits on machines with 64 are exceptions.
func TestArchs(t *testing.T) {
	for _, a := range archs {
		wide := a.audit&0x80000000 != 0 && a.name != specs.ArchX32 && !strings.HasSuffix(string(a.name), "N32")
		if a.size != size(wide) || a.order != order(a.audit&0x40000000 == 0) {
			t.Errorf("%s: size %v, order %v", a.name, a.size, a.order)
		}
	}
	if a := archOf(Native()); a == nil || a.col == noColumn {
		t.Errorf("no architecture for this build: %q", Native())
	}
}

// TestSkipped: names that say nothing on the filter's architectures are told, and those that others have are not.
func TestSkipped(t *testing.T) {
	s := &specs.LinuxSeccomp{DefaultAction: specs.ActAllow, Architectures: []specs.Arch{specs.ArchX86, specs.ArchS390},
		Syscalls: []specs.LinuxSyscall{{Action: specs.ActErrno, Names: []string{"read", "zzz", "riscv_hwprobe", "accept", "send",
			"zzz", "olduname", "semop"}}}}
	f, err := Compile(s, specs.ArchX86)
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"SCMP_ARCH_S390", "riscv_hwprobe", "zzz"}; !slices.Equal(f.Skipped, want) {
		t.Errorf("%q, want %q", f.Skipped, want)
	}
}

// TestFlags: what the kernel takes only together comes together.
func TestFlags(t *testing.T) {
	s := &specs.LinuxSeccomp{DefaultAction: specs.ActAllow, ListenerPath: "/run/listener",
		Flags: []specs.LinuxSeccompFlag{flagTSYNC, specs.LinuxSeccompFlagWaitKillableRecv}}
	f, err := Compile(s, Native())
	if err != nil || f.Flags != unix.SECCOMP_FILTER_FLAG_TSYNC || f.Listener {
		t.Errorf("%v: %+v", err, f)
	}
	s.Syscalls = []specs.LinuxSyscall{rule1("mount", specs.ActNotify)}
	f, err = Compile(s, Native())
	want := uint32(unix.SECCOMP_FILTER_FLAG_TSYNC | unix.SECCOMP_FILTER_FLAG_TSYNC_ESRCH |
		unix.SECCOMP_FILTER_FLAG_NEW_LISTENER | unix.SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV)
	if err != nil || f.Flags != want || !f.Listener {
		t.Errorf("%v: flags %#x, want %#x, listener %v", err, f.Flags, want, f.Listener)
	}
}
