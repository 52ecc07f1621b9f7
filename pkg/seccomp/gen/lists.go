package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"strings"
)

// readList reads the SYS_ constants of one list of x/sys/unix: name as the kernel spells it, and number.
func readList(path string) (map[string]int, error) {
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	list := map[string]int{}
	ast.Inspect(file, func(n ast.Node) bool {
		if spec, ok := n.(*ast.ValueSpec); ok {
			name, sys := strings.CutPrefix(spec.Names[0].Name, "SYS_")
			if lit, ok := spec.Values[0].(*ast.BasicLit); ok && sys && !placeholder(name) {
				var nr int
				if nr, err = strconv.Atoi(lit.Value); err != nil {
					return false
				}
				list[strings.ToLower(name)] = nr
			}
		}
		return true
	})
	return list, err
}

// placeholder says whether a constant is no call but a mark, a mask or a hole in the list of its architecture.
func placeholder(name string) bool {
	return name == "SYSCALL_MASK" || name == "ARCH_SPECIFIC_SYSCALL" ||
		strings.HasPrefix(name, "RESERVED") || strings.HasPrefix(name, "UNUSED")
}

// toX32 makes the list of x32 from that of amd64: some calls it lacks, and some, those whose data is laid out in another
// way, have numbers from 512 on. Source: arch/x86/entry/syscalls/syscall_64.tbl, entries marked 64 and x32.
func toX32(list map[string]int) {
	for _, name := range strings.Fields(`uselib _sysctl create_module get_kernel_syms query_module nfsservctl
		set_thread_area get_thread_area epoll_ctl_old epoll_wait_old vserver uretprobe uprobe map_shadow_stack`) {
		delete(list, name)
	}
	for i, name := range strings.Fields(`rt_sigaction rt_sigreturn ioctl readv writev recvfrom sendmsg recvmsg execve
		ptrace rt_sigpending rt_sigtimedwait rt_sigqueueinfo sigaltstack timer_create mq_notify kexec_load waitid
		set_robust_list get_robust_list vmsplice move_pages preadv pwritev rt_tgsigqueueinfo recvmmsg sendmmsg
		process_vm_readv process_vm_writev setsockopt getsockopt io_setup io_submit execveat preadv2 pwritev2`) {
		list[name] = 512 + i
	}
}

// addPrivate adds the calls of arm that have numbers of their own, from 0x0f0001 on; the cell holds 0x8000 and the low
// bits. Source: arch/arm/include/uapi/asm/unistd.h.
func addPrivate(list map[string]int) {
	for i, name := range strings.Fields("breakpoint cacheflush usr26 usr32 set_tls get_tls") {
		list[name] = 0x8000 + 1 + i
	}
}
