package main

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// identity: who am I, and what may I do?
var identity = map[string]verb{
	"id":         id,
	"caps":       caps,
	"env":        env,
	"envfile":    envfile,
	"args":       args,
	"umask":      umask,
	"nnp":        statusLine("NoNewPrivs"),
	"seccomp":    statusLine("Seccomp"),
	"status":     func(a []string) error { return statusLine(arg(a, 0))(nil) },
	"oomadj":     func([]string) error { return cat([]string{"/proc/self/oom_score_adj"}) },
	"uidmap":     func([]string) error { return cat([]string{"/proc/self/uid_map"}) },
	"gidmap":     func([]string) error { return cat([]string{"/proc/self/gid_map"}) },
	"setgroups":  func([]string) error { return cat([]string{"/proc/self/setgroups"}) },
	"signalmask": signalmask,
	"rlimit":     rlimit,
}

// id prints uid, gid and the sorted additional groups.
func id([]string) error {
	groups, err := os.Getgroups()
	slices.Sort(groups)
	fmt.Printf("uid=%d gid=%d groups=%s\n", os.Getuid(), os.Getgid(), strings.Trim(fmt.Sprint(groups), "[]"))
	return err
}

// caps prints the five sets, or the one that is named.
func caps(args []string) error {
	for _, set := range []string{"CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"} {
		if len(args) > 0 && args[0] != set {
			continue
		}
		v, err := status(set)
		if err != nil {
			return err
		}
		fmt.Printf("%s=%s\n", set, v)
	}
	return nil
}

// env prints the whole environment, sorted, or the value of one variable.
func env(args []string) error {
	if len(args) > 0 {
		v, ok := os.LookupEnv(args[0])
		if !ok {
			return fmt.Errorf("not set")
		}
		fmt.Println(v)
		return nil
	}
	all := os.Environ()
	slices.Sort(all)
	for _, e := range all {
		fmt.Println(e)
	}
	return nil
}

// envfile writes the environment that the process was started with into a file.
func envfile(a []string) error {
	env, err := os.ReadFile("/proc/self/environ")
	if err != nil {
		return err
	}
	return os.WriteFile(arg(a, 0), bytes.ReplaceAll(env, []byte{0}, []byte{'\n'}), 0o644)
}

func args(a []string) error {
	fmt.Printf("%q %q\n", os.Args[0], a)
	return nil
}

func umask([]string) error {
	old := unix.Umask(0)
	unix.Umask(old)
	fmt.Printf("%04o\n", old)
	return nil
}

// signalmask prints which signals are blocked and which are ignored.
func signalmask([]string) error {
	blocked, err := status("SigBlk")
	if err != nil {
		return err
	}
	ignored, err := status("SigIgn")
	fmt.Printf("blocked=%s ignored=%s\n", blocked, ignored)
	return err
}

// rlimit prints the line of /proc/self/limits that begins with the words given, without its name.
func rlimit(args []string) error {
	b, err := os.ReadFile("/proc/self/limits")
	if err != nil {
		return err
	}
	name := strings.Join(args, " ")
	for line := range strings.Lines(string(b)) {
		if rest, ok := strings.CutPrefix(line, name+" "); ok {
			f := strings.Fields(rest)
			fmt.Printf("%s %s\n", f[0], f[1])
			return nil
		}
	}
	return fmt.Errorf("no such limit")
}

func statusLine(key string) verb {
	return func([]string) error {
		v, err := status(key)
		if err == nil {
			fmt.Println(v)
		}
		return err
	}
}

// status is the value of one key of /proc/thread-self/status.
func status(key string) (string, error) {
	b, err := os.ReadFile("/proc/thread-self/status")
	if err != nil {
		return "", err
	}
	for line := range strings.Lines(string(b)) {
		if k, v, _ := strings.Cut(line, ":"); k == key {
			return strings.TrimSpace(v), nil
		}
	}
	return "", fmt.Errorf("no %s in status", key)
}
