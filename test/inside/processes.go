package main

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// processes: which am I, who else is here, and how do I end?
var processes = map[string]verb{
	"sid":       sid,
	"pids":      pids,
	"fds":       fds,
	"print":     func(a []string) error { fmt.Println(strings.Join(a, " ")); return nil },
	"stderr":    func(a []string) error { fmt.Fprintln(os.Stderr, strings.Join(a, " ")); return nil },
	"echo":      func([]string) error { _, err := io.Copy(os.Stdout, os.Stdin); return err },
	"save":      save,
	"lines":     lines,
	"chatter":   chatter,
	"readfd":    readfd,
	"exit":      exit,
	"sleep":     sleep,
	"forever":   forever,
	"ignore":    ignore,
	"kill-self": killSelf,
	"kill":      kill,
	"spawn":     spawn,
	"orphan":    orphan,
	"wait":      waitFor,
}

func sid([]string) error {
	s, err := unix.Getsid(0)
	fmt.Printf("pid=%d pgid=%d sid=%d\n", os.Getpid(), unix.Getpgrp(), s)
	return err
}

// pids prints the processes that /proc shows.
func pids([]string) error {
	entries, err := os.ReadDir("/proc")
	var found []int
	for _, e := range entries {
		if n, err := strconv.Atoi(e.Name()); err == nil {
			found = append(found, n)
		}
	}
	slices.Sort(found)
	fmt.Println(strings.Trim(fmt.Sprint(found), "[]"))
	return err
}

// fds prints the open descriptors and, with `-l`, where each leads. No os.File is made, for that would open more.
func fds(a []string) error {
	dir, err := unix.Open("/proc/self/fd", unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	buf := make([]byte, 16<<10)
	n, err := unix.Getdents(dir, buf)
	if err != nil {
		return err
	}
	_, _, names := unix.ParseDirent(buf[:n], -1, nil)
	for _, name := range names {
		if name == strconv.Itoa(dir) {
			continue
		}
		to, _ := os.Readlink("/proc/self/fd/" + name)
		if to == "anon_inode:[eventpoll]" || to == "anon_inode:[eventfd]" { // the poller of Go's own runtime
			continue
		}
		if arg(a, 0) == "-l" {
			fmt.Println(name, to)
		} else {
			fmt.Println(name)
		}
	}
	return nil
}

// save writes what it reads from stdin into a file.
func save(a []string) error {
	text, err := io.ReadAll(os.Stdin)
	if err != nil {
		return err
	}
	return os.WriteFile(arg(a, 0), text, 0o644)
}

// chatter prints lines until one cannot be written.
func chatter([]string) error {
	for {
		if _, err := fmt.Println("and more"); err != nil {
			return err
		}
	}
}

// lines answers each line of stdin with it in upper case, at once.
func lines([]string) error {
	var line []byte
	b := make([]byte, 1)
	for {
		n, err := os.Stdin.Read(b)
		if n == 0 || err != nil {
			return nil
		}
		if b[0] != '\n' {
			line = append(line, b[0])
			continue
		}
		fmt.Println(strings.ToUpper(string(line)))
		line = line[:0]
	}
}

// readfd prints what can be read from descriptor N.
func readfd(a []string) error {
	n, err := strconv.Atoi(arg(a, 0))
	if err != nil {
		return err
	}
	buf := make([]byte, 4096)
	n, err = unix.Read(n, buf)
	if err == nil {
		fmt.Printf("%s\n", buf[:n])
	}
	return err
}

func exit(a []string) error {
	n, err := strconv.Atoi(arg(a, 0))
	if err == nil {
		os.Exit(n)
	}
	return err
}

// sleep waits for a number of seconds, which may have a fraction.
func sleep(a []string) error {
	s, err := strconv.ParseFloat(arg(a, 0), 64)
	time.Sleep(time.Duration(s * float64(time.Second)))
	return err
}

// forever says that it is ready, tells of every signal that arrives and ends, with 0, at the first TERM or INT.
func forever([]string) error {
	c := make(chan os.Signal, 16)
	signal.Notify(c)
	fmt.Println("ready")
	for s := range c {
		if s == unix.SIGURG || s == unix.SIGCHLD || s == unix.SIGPIPE { // Go's runtime uses URG for itself
			continue
		}
		name := strings.TrimPrefix(unix.SignalName(s.(unix.Signal)), "SIG")
		fmt.Println("got", cmp.Or(name, s.String()))
		if s == unix.SIGTERM || s == unix.SIGINT {
			return nil
		}
	}
	return nil
}

// ignore makes the following verbs deaf to the signals named.
func ignore(a []string) error {
	for _, name := range a {
		s := unix.SignalNum("SIG" + name)
		if s == 0 {
			return fmt.Errorf("no signal %s", name)
		}
		signal.Ignore(s)
	}
	return nil
}

// killSelf ends by a signal. As process 1 that is not possible: the kernel shields it from itself.
func killSelf(a []string) error {
	s := unix.SignalNum("SIG" + arg(a, 0))
	if s == 0 {
		return fmt.Errorf("no such signal")
	}
	if err := unix.Kill(os.Getpid(), s); err != nil {
		return err
	}
	time.Sleep(10 * time.Second)
	return fmt.Errorf("still alive")
}

// kill sends a signal (0 too) to a process.
func kill(a []string) error {
	pid, err := strconv.Atoi(arg(a, 0))
	if err != nil {
		return err
	}
	return unix.Kill(pid, unix.SignalNum("SIG"+arg(a, 1)))
}

// spawn starts N children that sleep and tells their process ids.
func spawn(a []string) error {
	n, err := strconv.Atoi(arg(a, 0))
	if err != nil {
		return err
	}
	for range n {
		p, err := os.StartProcess("/proc/self/exe", []string{"child", "sleep", "3600"}, &os.ProcAttr{Files: []*os.File{nil, nil, nil}})
		if err != nil {
			return err
		}
		fmt.Println("child", p.Pid)
	}
	return nil
}

// orphan starts a child that starts a sleeping child and ends, so that process 1 inherits the latter.
func orphan([]string) error {
	p, err := os.StartProcess("/proc/self/exe", []string{"parent", "spawn", "1"}, &os.ProcAttr{Files: []*os.File{nil, os.Stdout, os.Stderr}})
	if err != nil {
		return err
	}
	_, err = p.Wait()
	return err
}

// waitFor waits until a file exists.
func waitFor(a []string) error {
	for range 3000 {
		if _, err := os.Lstat(arg(a, 0)); err == nil {
			return nil
		}
		time.Sleep(10 * time.Millisecond)
	}
	return fmt.Errorf("never came")
}
