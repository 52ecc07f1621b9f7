package main

import (
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// files: what is at that path, and may I change it?
var files = map[string]verb{
	"cwd":      cwd,
	"mode":     mode,
	"owner":    owner,
	"type":     kind,
	"readlink": readlink,
	"cat":      cat,
	"size":     size,
	"write":    write,
	"touch":    func(a []string) error { return write([]string{arg(a, 0), ""}) },
	"mkdir":    func(a []string) error { return os.Mkdir(arg(a, 0), 0o755) },
	"rm":       func(a []string) error { return os.Remove(arg(a, 0)) },
	"symlink":  func(a []string) error { return os.Symlink(arg(a, 0), arg(a, 1)) },
	"chown":    chown,
	"ls":       ls,
	"exists":   exists,
	"device":   device,
	"mknod":    mknod,
}

// cwd asks the kernel, not $PWD: a directory outside of the root begins with "(unreachable)".
func cwd([]string) error {
	buf := make([]byte, unix.PathMax)
	n, err := unix.Getcwd(buf)
	if err == nil {
		fmt.Println(string(buf[:n-1]))
	}
	return err
}

func mode(a []string) error {
	var st unix.Stat_t
	err := unix.Stat(arg(a, 0), &st)
	if err == nil {
		fmt.Printf("%04o\n", st.Mode&0o7777)
	}
	return err
}

func owner(a []string) error {
	var st unix.Stat_t
	err := unix.Lstat(arg(a, 0), &st)
	if err == nil {
		fmt.Printf("%d:%d\n", st.Uid, st.Gid)
	}
	return err
}

// kind prints the type of what is at the path, symlinks not followed.
func kind(a []string) error {
	fi, err := os.Lstat(arg(a, 0))
	if err != nil {
		return err
	}
	names := map[fs.FileMode]string{
		0: "file", fs.ModeDir: "dir", fs.ModeSymlink: "symlink", fs.ModeNamedPipe: "fifo", fs.ModeSocket: "socket",
		fs.ModeDevice: "block", fs.ModeDevice | fs.ModeCharDevice: "char",
	}
	fmt.Println(names[fi.Mode().Type()])
	return nil
}

func readlink(a []string) error {
	to, err := os.Readlink(arg(a, 0))
	if err == nil {
		fmt.Println(to)
	}
	return err
}

func cat(a []string) error {
	b, err := os.ReadFile(arg(a, 0))
	_, _ = os.Stdout.Write(b)
	return err
}

// size prints how many bytes can be read.
func size(a []string) error {
	b, err := os.ReadFile(arg(a, 0))
	fmt.Println(len(b))
	return err
}

// write puts the text into the file, without a newline.
func write(a []string) error {
	f, err := os.OpenFile(arg(a, 0), os.O_WRONLY|os.O_CREATE, 0o644)
	if err != nil {
		return err
	}
	_, err = f.WriteString(strings.Join(a[1:], " "))
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	return err
}

func chown(a []string) error {
	uid, err := strconv.Atoi(arg(a, 1))
	if err != nil {
		return err
	}
	gid, err := strconv.Atoi(arg(a, 2))
	if err != nil {
		return err
	}
	return os.Lchown(arg(a, 0), uid, gid)
}

// ls prints the names in a directory on one line, sorted.
func ls(a []string) error {
	entries, err := os.ReadDir(arg(a, 0))
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	slices.Sort(names)
	fmt.Println(strings.Join(names, " "))
	return err
}

// exists prints yes or no for each path, symlinks not followed.
// mknod makes a node that every container has already, under another name.
func mknod(a []string) error {
	return os.NewSyscallError("mknod "+arg(a, 0), unix.Mknod(arg(a, 0), unix.S_IFCHR|0o666, int(unix.Mkdev(1, 3))))
}

func exists(a []string) error {
	for _, p := range a {
		answer := "yes"
		if _, err := os.Lstat(p); err != nil {
			answer = "no"
		}
		fmt.Println(answer)
	}
	return nil
}

// device prints the major and minor number of a device node.
func device(a []string) error {
	var st unix.Stat_t
	err := unix.Stat(arg(a, 0), &st)
	if err == nil {
		fmt.Printf("%d:%d\n", unix.Major(st.Rdev), unix.Minor(st.Rdev))
	}
	return err
}
