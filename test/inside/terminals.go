package main

import (
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"unsafe"

	"golang.org/x/sys/unix"
)

// terminals: what am I speaking through?
var terminals = map[string]verb{
	"isatty":  isatty,
	"winsize": winsize,
	"resized": resized,
	"onlcr":   onlcr,
	"ctty":    ctty,
	"fdname":  func(a []string) error { return readlink([]string{"/proc/self/fd/" + arg(a, 0)}) },
	"tiocsti": tiocsti,
}

func isatty(a []string) error {
	fd, err := strconv.Atoi(arg(a, 0))
	if err != nil {
		return err
	}
	_, err = unix.IoctlGetTermios(fd, unix.TCGETS)
	fmt.Println(err == nil)
	return nil
}

// winsize prints rows and columns of stdout's terminal.
func winsize([]string) error {
	w, err := unix.IoctlGetWinsize(1, unix.TIOCGWINSZ)
	if err == nil {
		fmt.Printf("rows=%d cols=%d\n", w.Row, w.Col)
	}
	return err
}

// resized says that it is ready, waits for SIGWINCH and prints the new size.
func resized([]string) error {
	c := make(chan os.Signal, 1)
	signal.Notify(c, unix.SIGWINCH)
	fmt.Println("ready")
	<-c
	return winsize(nil)
}

// onlcr tells whether the terminal turns a newline into carriage return and newline.
func onlcr([]string) error {
	t, err := unix.IoctlGetTermios(1, unix.TCGETS)
	if err == nil {
		fmt.Println(t.Oflag&unix.ONLCR != 0)
	}
	return err
}

// ctty opens the controlling terminal.
func ctty([]string) error {
	fd, err := unix.Open("/dev/tty", unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err == nil {
		fmt.Println("controlling terminal")
		_ = unix.Close(fd)
	}
	return err
}

// tiocsti pushes text into the input of the terminal on stdin, as if it were typed.
func tiocsti(a []string) error {
	for i := range len(arg(a, 0)) {
		b := a[0][i]
		if _, _, e := unix.Syscall(unix.SYS_IOCTL, 0, unix.TIOCSTI, uintptr(unsafe.Pointer(&b))); e != 0 {
			return e
		}
	}
	fmt.Println("pushed")
	return nil
}
