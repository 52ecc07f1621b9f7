package seccomp

import (
	"fmt"
	"strings"

	"golang.org/x/sys/unix"
)

// String is the program, one line for each instruction.
func (f *Filter) String() string {
	var b strings.Builder
	for pc, insn := range f.Insns {
		fmt.Fprintf(&b, "%4d  %s\n", pc, describe(pc, insn))
	}
	return b.String()
}

func describe(pc int, i unix.SockFilter) string {
	switch i.Code {
	case opLoad:
		return "ld " + field(i.K)
	case opAnd:
		return fmt.Sprintf("and %#x", i.K)
	case opJA:
		return fmt.Sprintf("ja → %d", pc+1+int(i.K))
	case opJEQ:
		return branch("jeq", pc, i)
	case opJGT:
		return branch("jgt", pc, i)
	case opJGE:
		return branch("jge", pc, i)
	case opRet:
		return "ret " + retName(i.K)
	}
	return fmt.Sprintf("code %#x k %#x jt %d jf %d", i.Code, i.K, i.Jt, i.Jf)
}

func branch(op string, pc int, i unix.SockFilter) string {
	return fmt.Sprintf("%s %#x → %d else %d", op, i.K, pc+1+int(i.Jt), pc+1+int(i.Jf))
}

// field names a word of struct seccomp_data. Which half of an argument is the low one depends on the architecture.
func field(offset uint32) string {
	switch {
	case offset == offNr:
		return "nr"
	case offset == offArch:
		return "arch"
	case offset < offArgs:
		return fmt.Sprintf("ip+%d", offset-8)
	}
	return fmt.Sprintf("args[%d]+%d", (offset-offArgs)/8, (offset-offArgs)%8)
}

func retName(ret uint32) string {
	data := ret & unix.SECCOMP_RET_DATA
	switch ret & unix.SECCOMP_RET_ACTION_FULL {
	case unix.SECCOMP_RET_ALLOW:
		return "allow"
	case unix.SECCOMP_RET_LOG:
		return "log"
	case unix.SECCOMP_RET_TRACE:
		return fmt.Sprintf("trace %d", data)
	case unix.SECCOMP_RET_USER_NOTIF:
		return "notify"
	case unix.SECCOMP_RET_ERRNO:
		return fmt.Sprintf("errno %d", data)
	case unix.SECCOMP_RET_TRAP:
		return "trap"
	case unix.SECCOMP_RET_KILL_THREAD:
		return "kill_thread"
	case unix.SECCOMP_RET_KILL_PROCESS:
		return "kill_process"
	}
	return fmt.Sprintf("%#x", ret)
}
