package seccomp

import (
	"runtime"

	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"
)

// arch is what a filter has to know of an architecture.
type arch struct {
	name  specs.Arch
	audit uint32 // seccomp_data.arch
	col   column
	base  uint32 // of its numbers: __NR_Linux, __X32_SYSCALL_BIT
	size  size   // of an argument
	order order  // of the two halves of an argument
}

type (
	size  bool
	order bool
)

const (
	bits32 size  = false
	bits64 size  = true
	little order = false
	big    order = true
)

// archs are the architectures of the spec, sorted. Those without a column are known by name only: Go does not run on them,
// and x/sys has no list of their calls.
var archs = [...]arch{
	{specs.ArchAARCH64, unix.AUDIT_ARCH_AARCH64, colARM64, 0, bits64, little},
	{specs.ArchARM, unix.AUDIT_ARCH_ARM, colARM, 0, bits32, little},
	{specs.ArchLOONGARCH64, unix.AUDIT_ARCH_LOONGARCH64, colLoong64, 0, bits64, little},
	{specs.ArchM68K, unix.AUDIT_ARCH_M68K, noColumn, 0, bits32, big},
	{specs.ArchMIPS, unix.AUDIT_ARCH_MIPS, colMIPS, 4000, bits32, big},
	{specs.ArchMIPS64, unix.AUDIT_ARCH_MIPS64, colMIPS64, 5000, bits64, big},
	{specs.ArchMIPS64N32, unix.AUDIT_ARCH_MIPS64N32, noColumn, 6000, bits32, big},
	{specs.ArchMIPSEL, unix.AUDIT_ARCH_MIPSEL, colMIPS, 4000, bits32, little},
	{specs.ArchMIPSEL64, unix.AUDIT_ARCH_MIPSEL64, colMIPS64, 5000, bits64, little},
	{specs.ArchMIPSEL64N32, unix.AUDIT_ARCH_MIPSEL64N32, noColumn, 6000, bits32, little},
	{specs.ArchPARISC, unix.AUDIT_ARCH_PARISC, noColumn, 0, bits32, big},
	{specs.ArchPARISC64, unix.AUDIT_ARCH_PARISC64, noColumn, 0, bits64, big},
	{specs.ArchPPC, unix.AUDIT_ARCH_PPC, colPPC, 0, bits32, big},
	{specs.ArchPPC64, unix.AUDIT_ARCH_PPC64, colPPC64, 0, bits64, big},
	{specs.ArchPPC64LE, unix.AUDIT_ARCH_PPC64LE, colPPC64, 0, bits64, little},
	{specs.ArchRISCV64, unix.AUDIT_ARCH_RISCV64, colRISCV64, 0, bits64, little},
	{specs.ArchS390, unix.AUDIT_ARCH_S390, noColumn, 0, bits32, big},
	{specs.ArchS390X, unix.AUDIT_ARCH_S390X, colS390X, 0, bits64, big},
	{specs.ArchSH, unix.AUDIT_ARCH_SHEL, noColumn, 0, bits32, little},
	{specs.ArchSHEB, unix.AUDIT_ARCH_SH, noColumn, 0, bits32, big},
	{specs.ArchX32, unix.AUDIT_ARCH_X86_64, colX32, x32Bit, bits32, little},
	{specs.ArchX86, unix.AUDIT_ARCH_I386, col386, 0, bits32, little},
	{specs.ArchX86_64, unix.AUDIT_ARCH_X86_64, colAMD64, 0, bits64, little},
}

func archOf(name specs.Arch) *arch {
	for i := range archs {
		if archs[i].name == name {
			return &archs[i]
		}
	}
	return nil
}

// Archs are the architectures that a filter can be made for, sorted.
func Archs() []string {
	var names []string
	for i := range archs {
		if archs[i].col != noColumn {
			names = append(names, string(archs[i].name))
		}
	}
	return names
}

// Native is the architecture of this build.
func Native() specs.Arch {
	switch runtime.GOARCH {
	case "386":
		return specs.ArchX86
	case "amd64":
		return specs.ArchX86_64
	case "arm":
		return specs.ArchARM
	case "arm64":
		return specs.ArchAARCH64
	case "loong64":
		return specs.ArchLOONGARCH64
	case "mips":
		return specs.ArchMIPS
	case "mipsle":
		return specs.ArchMIPSEL
	case "mips64":
		return specs.ArchMIPS64
	case "mips64le":
		return specs.ArchMIPSEL64
	case "ppc64":
		return specs.ArchPPC64
	case "ppc64le":
		return specs.ArchPPC64LE
	case "riscv64":
		return specs.ArchRISCV64
	case "s390x":
		return specs.ArchS390X
	}
	return ""
}
