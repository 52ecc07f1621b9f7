package main

import (
	"fmt"
	"net"
	"os"
	"strconv"
	"unsafe"

	"golang.org/x/sys/unix"
)

// attributes: what does the kernel keep about me, and what has a service manager handed over?
var attributes = map[string]verb{
	"sched":     sched,
	"ioprio":    ioprio,
	"cpus":      statusLine("Cpus_allowed_list"),
	"mempolicy": mempolicy,
	"machine":   func([]string) error { return uts(func(u unix.Utsname) []byte { return u.Machine[:] }) },
	"accept":    accept,
	"notify":    notify,
}

// sched prints policy, nice value and priority as numbers.
func sched([]string) error {
	a, err := unix.SchedGetAttr(0, 0)
	if err == nil {
		fmt.Printf("policy=%d nice=%d priority=%d flags=%d\n", a.Policy, a.Nice, a.Priority, a.Flags)
	}
	return err
}

// ioprio prints the class and the level of ioprio_get(2).
func ioprio([]string) error {
	const ofProcess = 1
	n, _, errno := unix.Syscall(unix.SYS_IOPRIO_GET, ofProcess, 0, 0)
	if errno != 0 {
		return errno
	}
	fmt.Printf("class=%d level=%d\n", n>>13, n&0x1fff)
	return nil
}

// mempolicy prints the mode, with flags, and the mask of nodes of get_mempolicy(2).
func mempolicy([]string) error {
	var mode int32
	var nodes [16]uint64
	_, _, errno := unix.Syscall6(unix.SYS_GET_MEMPOLICY, uintptr(unsafe.Pointer(&mode)), uintptr(unsafe.Pointer(&nodes)), 1024, 0, 0, 0)
	if errno != 0 {
		return errno
	}
	fmt.Printf("mode=%d nodes=%#x\n", mode, nodes[0])
	return nil
}

// accept does what a socket-activated service does (sd_listen_fds(3)): if the sockets are meant for this process it
// answers one caller on each, with the socket's name.
func accept([]string) error {
	if os.Getenv("LISTEN_PID") != strconv.Itoa(os.Getpid()) {
		return fmt.Errorf("LISTEN_PID is %q, I am %d", os.Getenv("LISTEN_PID"), os.Getpid())
	}
	n, err := strconv.Atoi(os.Getenv("LISTEN_FDS"))
	if err != nil {
		return err
	}
	for fd := 3; fd < 3+n; fd++ {
		f := os.NewFile(uintptr(fd), "socket")
		l, err := net.FileListener(f)
		if err != nil {
			return err
		}
		conn, err := l.Accept()
		if err != nil {
			return err
		}
		fmt.Fprintf(conn, "descriptor %d of %s\n", fd, os.Getenv("LISTEN_FDNAMES"))
		_ = conn.Close()
	}
	return nil
}

// notify tells the service manager a word (sd_notify(3)).
func notify(a []string) error {
	c, err := net.Dial("unixgram", os.Getenv("NOTIFY_SOCKET"))
	if err != nil {
		return err
	}
	_, err = c.Write([]byte(arg(a, 0)))
	return err
}
