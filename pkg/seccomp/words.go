package seccomp

import (
	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"
)

// flagTSYNC is in the text of the spec, and not in its Go constants.
const flagTSYNC specs.LinuxSeccompFlag = "SECCOMP_FILTER_FLAG_TSYNC"

// word is a name of the spec and what the kernel, or the compiler, calls it.
type word struct {
	name  string
	value uint32
}

// The words of the spec, sorted.
var (
	actions = [...]word{
		{string(specs.ActAllow), unix.SECCOMP_RET_ALLOW},
		{string(specs.ActErrno), unix.SECCOMP_RET_ERRNO},
		{string(specs.ActKill), unix.SECCOMP_RET_KILL_THREAD},
		{string(specs.ActKillProcess), unix.SECCOMP_RET_KILL_PROCESS},
		{string(specs.ActKillThread), unix.SECCOMP_RET_KILL_THREAD},
		{string(specs.ActLog), unix.SECCOMP_RET_LOG},
		{string(specs.ActNotify), unix.SECCOMP_RET_USER_NOTIF},
		{string(specs.ActTrace), unix.SECCOMP_RET_TRACE},
		{string(specs.ActTrap), unix.SECCOMP_RET_TRAP},
	}
	operators = [...]word{
		{string(specs.OpEqualTo), opEQ},
		{string(specs.OpGreaterEqual), opGE},
		{string(specs.OpGreaterThan), opGT},
		{string(specs.OpLessEqual), opLE},
		{string(specs.OpLessThan), opLT},
		{string(specs.OpMaskedEqual), opMaskedEQ},
		{string(specs.OpNotEqual), opNE},
	}
	flags = [...]word{
		{string(specs.LinuxSeccompFlagLog), unix.SECCOMP_FILTER_FLAG_LOG},
		{string(specs.LinuxSeccompFlagSpecAllow), unix.SECCOMP_FILTER_FLAG_SPEC_ALLOW},
		{string(flagTSYNC), unix.SECCOMP_FILTER_FLAG_TSYNC},
		{string(specs.LinuxSeccompFlagWaitKillableRecv), unix.SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV},
	}
)

const (
	opEQ = iota
	opNE
	opLT
	opLE
	opGT
	opGE
	opMaskedEQ
)

// Actions are the names of actions that Compile knows, sorted.
func Actions() []string { return namesOf(actions[:]) }

// Operators are the names of comparisons that Compile knows, sorted.
func Operators() []string { return namesOf(operators[:]) }

// Flags are the names of filter flags that Compile knows, sorted.
func Flags() []string { return namesOf(flags[:]) }

// FlagBits is what the kernel calls the flag of that name (linux/seccomp.h).
func FlagBits(name string) (bits uint32, ok bool) { return valueOf(flags[:], name) }

func namesOf(words []word) []string {
	names := make([]string, len(words))
	for i, w := range words {
		names[i] = w.name
	}
	return names
}

func valueOf(words []word, name string) (uint32, bool) {
	for _, w := range words {
		if w.name == name {
			return w.value, true
		}
	}
	return 0, false
}
