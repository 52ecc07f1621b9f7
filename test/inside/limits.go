package main

import (
	"errors"
	"fmt"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// limits: what one may have, and what happens when one wants more.
var limits = map[string]verb{
	"nice": nice,
	"bomb": bomb,
	"eat":  eat,
	"herd": herd,
	"hold": hold,
	"burn": burn,
}

func nice([]string) error {
	n, err := unix.Getpriority(unix.PRIO_PROCESS, 0)
	fmt.Println(20 - n) // the system call has no negative answers
	return err
}

// bomb starts children until it may not, or has as many as asked for, tells which, and ends them all.
func bomb(a []string) error {
	n, err := strconv.Atoi(arg(a, 0))
	if err != nil {
		return err
	}
	var children []*os.Process
	defer func() {
		for _, p := range children {
			_ = p.Kill()
			_, _ = p.Wait()
		}
	}()
	for i := range n {
		p, err := os.StartProcess("/proc/self/exe", []string{"child", "sleep", "3600"}, &os.ProcAttr{Files: []*os.File{nil, nil, nil}})
		if errors.Is(err, unix.EAGAIN) {
			fmt.Println("EAGAIN after", i)
			return nil
		}
		if err != nil {
			return err
		}
		children = append(children, p)
	}
	fmt.Println("all", n)
	return nil
}

// herd starts N children that take M MiB of memory each, one after the other, and keep it.
func herd(a []string) error {
	n, err := strconv.Atoi(arg(a, 0))
	for i := 0; i < n && err == nil; i++ {
		var r, w *os.File
		if r, w, err = os.Pipe(); err != nil {
			return err
		}
		_, err = os.StartProcess("/proc/self/exe", []string{"child", "eat", arg(a, 1), "--", "sleep", "3600"}, &os.ProcAttr{Files: []*os.File{nil, w, nil}})
		w.Close()
		if err == nil {
			_, err = r.Read(make([]byte, 64)) // it has eaten
		}
		r.Close()
	}
	return err
}

// held is what hold keeps.
var held []byte

// hold is eat for the rest of the life of the process.
func hold(a []string) error {
	n, err := strconv.Atoi(arg(a, 0))
	if err != nil {
		return err
	}
	held = make([]byte, n<<20)
	for i := 0; i < len(held); i += 4096 {
		held[i] = 1
	}
	return nil
}

// burn uses as much of one CPU as it gets, until it is killed.
func burn([]string) error {
	for n := 0; ; n++ {
		if n < 0 {
			return nil
		}
	}
}

// eat takes so many MiB of memory and keeps them for a moment.
func eat(a []string) error {
	n, err := strconv.Atoi(arg(a, 0))
	if err != nil {
		return err
	}
	b := make([]byte, n<<20)
	for i := 0; i < len(b); i += 4096 {
		b[i] = 1
	}
	fmt.Println("ate", n, "MiB")
	return nil
}
