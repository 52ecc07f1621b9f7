package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

func command(argv []string) { check(try(argv)) }

// try runs a command, and says with its error what it has printed last.
func try(argv []string) error {
	cmd := exec.Command(argv[0], argv[1:]...)
	out, err := os.CreateTemp("", "benchnet-out") // a pipe would stay open as long as a container in the background
	if err != nil {
		return err
	}
	defer os.Remove(out.Name())
	defer out.Close()
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Run(); err != nil {
		said, _ := os.ReadFile(out.Name())
		lines := strings.Split(strings.TrimSpace(string(said)), "\n")
		return fmt.Errorf("%w: %s", err, lines[len(lines)-1])
	}
	return nil
}

// rootfs has the test program, and a true.
func rootfs(inside, dir string) string {
	root := filepath.Join(dir, "rootfs")
	for _, d := range []string{"proc", "dev", "sys", "etc", "run", "tmp"} {
		check(os.MkdirAll(filepath.Join(root, d), 0o755))
	}
	raw, err := os.ReadFile(inside)
	check(err)
	check(os.WriteFile(filepath.Join(root, "inside"), raw, 0o755))
	return root
}

// endPodman ends the process with which podman keeps its user namespace, which outlives its last container. The runtime directory is
// the bench's own, so it is not the user's.
func endPodman(runtimeDir string) {
	raw, _ := os.ReadFile(filepath.Join(runtimeDir, "libpod/tmp/pause.pid"))
	if pid, err := strconv.Atoi(strings.TrimSpace(string(raw))); err == nil && pid > 1 {
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
}
