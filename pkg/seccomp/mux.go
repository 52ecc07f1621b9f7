package seccomp

import (
	"slices"

	"golang.org/x/sys/unix"
)

// The calls that can be made through socketcall(2) and ipc(2), by the number of the function. Sources:
// include/uapi/linux/net.h and ipc.h.
var socketcalls = [...]string{
	1: "socket", 2: "bind", 3: "connect", 4: "listen", 5: "accept", 6: "getsockname", 7: "getpeername", 8: "socketpair",
	9: "send", 10: "recv", 11: "sendto", 12: "recvfrom", 13: "shutdown", 14: "setsockopt", 15: "getsockopt",
	16: "sendmsg", 17: "recvmsg", 18: "accept4", 19: "recvmmsg", 20: "sendmmsg",
}

var ipcs = [...]string{
	1: "semop", 2: "semget", 3: "semctl", 4: "semtimedop", 11: "msgsnd", 12: "msgrcv", 13: "msgget", 14: "msgctl",
	21: "shmat", 22: "shmdt", 23: "shmget", 24: "shmctl",
}

// muxed is the row of the call through which a call can be made too, and the condition that it is this one: on the first
// argument, of which the kernel looks at 32 bits for socketcall and at 16 for ipc (net/socket.c, ipc/syscall.c).
func muxed(name string) (row int, is cond, ok bool) {
	if i := slices.Index(socketcalls[:], name); i > 0 { // 0 is no function
		return rowOf("socketcall"), cond{op: opMaskedEQ, value: uint64(i), mask: 0xffffffff}, true
	}
	if i := slices.Index(ipcs[:], name); i > 0 {
		return rowOf("ipc"), cond{op: opMaskedEQ, value: uint64(i), mask: 0xffff}, true
	}
	return 0, cond{}, false
}

// ruleMuxed adds the rules of a call to the multiplexer that it can be made through, where its arguments are behind a
// pointer.
func (s *section) ruleMuxed(row int, is cond, rules []*rule) {
	for _, r := range rules {
		if len(r.conds) == 0 || stricter(r.ret, s.fallback) {
			s.rule(row, []*rule{{conds: []cond{is}, ret: r.ret}})
		}
	}
}

// stricter orders what filters return as the kernel does that runs several of them (seccomp_run_filters).
func stricter(a, b uint32) bool {
	return int32(a&unix.SECCOMP_RET_ACTION_FULL) < int32(b&unix.SECCOMP_RET_ACTION_FULL)
}
