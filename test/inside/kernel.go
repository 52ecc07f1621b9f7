package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// kernel: small attempts at things that must not succeed, and properties only the kernel knows.
var kernel = map[string]verb{
	"keyring":      keyring,
	"dumpable":     dumpable,
	"clock":        clock,
	"setuid":       setuid,
	"overwrite":    overwrite,
	"cgroup-write": cgroupWrite,
	"foreign-fds":  foreignFDs,
	"call":         call,
	"trace":        trace,
	"deny":         deny,
}

// keyring prints the serial of the session keyring: it differs from the caller's where there is a new one.
func keyring([]string) error {
	n, err := unix.KeyctlInt(unix.KEYCTL_GET_KEYRING_ID, unix.KEY_SPEC_SESSION_KEYRING, 0, 0, 0)
	if err == nil {
		fmt.Println(n)
	}
	return err
}

// calls are those that a filter can be seen by, with arguments that change nothing.
var calls = map[string]func() unix.Errno{
	"sethostname": func() unix.Errno { return errnoOf(unix.Sethostname([]byte("filtered"))) },
	"personality": func() unix.Errno {
		_, _, e := unix.Syscall(unix.SYS_PERSONALITY, 0xffffffff, 0, 0)
		return e
	},
	"getpriority": func() unix.Errno {
		_, err := unix.Getpriority(unix.PRIO_PROCESS, 0)
		return errnoOf(err)
	},
	"ptrace":  func() unix.Errno { return errnoOf(unix.PtraceAttach(1 << 22)) },
	"unshare": func() unix.Errno { return errnoOf(unix.Unshare(unix.CLONE_NEWUSER | unix.CLONE_FS)) },
	"mount":   func() unix.Errno { return errnoOf(unix.Mount("none", "/nowhere", "tmpfs", 0, "")) },
	"keyctl": func() unix.Errno {
		_, err := unix.KeyctlInt(unix.KEYCTL_GET_KEYRING_ID, 0, 0, 0, 0)
		return errnoOf(err)
	},
	"unknown": func() unix.Errno {
		_, _, e := unix.Syscall(4000, 0, 0, 0)
		return e
	},
}

func errnoOf(err error) unix.Errno {
	errno, _ := err.(unix.Errno)
	return errno
}

// call makes system calls and prints what the kernel says to each: 0 or the name of the errno.
func call(names []string) error {
	for _, name := range names {
		make, ok := calls[name]
		if !ok {
			return fmt.Errorf("unknown call %s", name)
		}
		answer := "0"
		if e := make(); e != 0 {
			answer = unix.ErrnoName(e)
		}
		fmt.Println(name, answer)
	}
	return nil
}

func dumpable([]string) error {
	n, err := unix.PrctlRetInt(unix.PR_GET_DUMPABLE, 0, 0, 0, 0)
	fmt.Println(n)
	return err
}

// clock prints the boot time in whole seconds: time namespaces shift it.
func clock([]string) error {
	var t unix.Timespec
	err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &t)
	fmt.Println(t.Sec)
	return err
}

// setuid becomes somebody else for good and prints who.
func setuid(a []string) error {
	var uid int
	if _, err := fmt.Sscan(arg(a, 0), &uid); err != nil {
		return err
	}
	if err := unix.Setgroups(nil); err != nil {
		return fmt.Errorf("setgroups: %w", err)
	}
	if err := unix.Setresgid(uid, uid, uid); err != nil {
		return fmt.Errorf("setresgid: %w", err)
	}
	if err := unix.Setresuid(uid, uid, uid); err != nil {
		return fmt.Errorf("setresuid: %w", err)
	}
	return id(nil)
}

// trace tries to become the tracer of process ARG.
func trace(a []string) error {
	var pid int
	if _, err := fmt.Sscan(arg(a, 0), &pid); err != nil {
		return err
	}
	_, _, errno := unix.Syscall6(unix.SYS_PTRACE, unix.PTRACE_SEIZE, uintptr(pid), 0, 0, 0, 0)
	if errno != 0 {
		return errno
	}
	return nil
}

// overwrite tries for as long as it is left alive to open other processes' programs for writing (CVE-2019-5736). It
// writes only into what is not its own program, and tells of each success.
func overwrite([]string) error {
	fmt.Println("ready")
	self, _ := os.Stat("/proc/self/exe")
	for {
		exes, _ := filepath.Glob("/proc/[0-9]*/exe")
		for _, exe := range exes {
			if fi, err := os.Stat(exe); err != nil || os.SameFile(fi, self) {
				continue
			}
			if f, err := os.OpenFile(exe, os.O_WRONLY, 0); err == nil {
				if _, err := f.WriteString("#!overwritten\n"); err == nil {
					fmt.Println("overwrote", exe)
				}
				_ = f.Close()
			}
		}
	}
}

// cgroupWrite tries to create a directory in every cgroup directory it sees (CVE-2023-25809).
func cgroupWrite([]string) error {
	made := 0
	_ = filepath.WalkDir("/sys/fs/cgroup", func(p string, d os.DirEntry, err error) error {
		if err == nil && d.IsDir() && os.Mkdir(p+"/urun-test-escape", 0o755) == nil {
			_ = os.Remove(p + "/urun-test-escape")
			made++
			fmt.Println("writable", p)
		}
		return nil
	})
	fmt.Println("writable cgroups:", made)
	return nil
}

// foreignFDs watches for new processes until the file ARG exists and tells of every descriptor, root or working directory
// of theirs that leads out of this root (CVE-2016-9962, CVE-2024-21626).
func foreignFDs(a []string) error {
	fmt.Println("ready")
	seen := map[string]bool{}
	for {
		if _, err := os.Lstat(arg(a, 0)); err == nil {
			fmt.Println("watched")
			return nil
		}
		links, _ := filepath.Glob("/proc/[0-9]*/fd/*")
		more, _ := filepath.Glob("/proc/[0-9]*/cwd")
		for _, l := range append(links, more...) {
			to, err := os.Readlink(l)
			if err != nil || seen[to] || !strings.HasPrefix(to, "/") {
				continue
			}
			seen[to] = true
			if _, err := os.Lstat(strings.TrimSuffix(to, " (deleted)")); err != nil {
				fmt.Println("foreign", to)
			}
		}
	}
}
