package test

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// An engine is podman with urun as its runtime and everything that it stores below the caller's directory.
type engine struct {
	*caller
	rootfs  string
	runroot string // podman takes 50 characters at most
}

// newEngine makes podman ready. The host may have any kind of cgroups, so none are used; the event log is a file, as there
// may be no journal.
func newEngine(t *testing.T) *engine {
	t.Helper()
	for _, program := range []string{"podman", "conmon"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Fatalf("%s is missing: hack/setup.sh --test installs it", program)
		}
	}
	c := newCaller(t)
	conf := filepath.Join(c.dir, "containers.conf")
	writeFile(t, conf, fmt.Sprintf(`[engine]
runtime_supports_nocgroup=["urun"]
runtime_supports_nocgroups=["urun"]
runtime_supports_json=["urun"]
[engine.runtimes]
urun=[%q]
`, urunPath))
	c.env = append(c.env, "CONTAINERS_CONF="+conf)
	runroot, err := os.MkdirTemp("/tmp", "urun-podman-")
	if err != nil {
		t.Fatal(err)
	}
	e := &engine{caller: c, rootfs: makeRootfs(t, filepath.Join(c.dir, "rootfs")), runroot: runroot}
	c.rootfs = append(c.rootfs, e.rootfs)
	t.Cleanup(e.leave)
	return e
}

// leave takes away what is podman's: the process that keeps its namespaces, and its part of the runtime directory.
func (e *engine) leave() {
	for end := time.Now().Add(slow(5 * time.Second)); len(e.processes()) > 0 && time.Now().Before(end); {
		time.Sleep(10 * time.Millisecond) // conmon and what it calls to clean up
	}
	pids, _ := filepath.Glob(e.runtimeDir + "/libpod/tmp/pause.pid")
	for _, file := range pids {
		text, _ := os.ReadFile(file)
		if pid, err := strconv.Atoi(strings.TrimSpace(string(text))); err == nil && pid > 1 {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	}
	_ = exec.Command(urunPath, "unshare", "rm", "-rf", e.runroot).Run()
	entries, _ := os.ReadDir(e.runtimeDir)
	for _, entry := range entries {
		if entry.Name() != "urun" {
			_ = exec.Command(urunPath, "unshare", "rm", "-rf", filepath.Join(e.runtimeDir, entry.Name())).Run()
		}
	}
}

// podman runs one of its commands.
func (e *engine) podman(args ...string) result {
	e.t.Helper()
	words := []string{
		"podman", "--runtime", "urun", "--cgroup-manager", "cgroupfs", "--events-backend", "file", "--storage-driver", "vfs",
		"--root", filepath.Join(e.dir, "storage"), "--runroot", e.runroot,
	}
	return e.launchCommand(nil, append(words, args...)...).wait()
}

// container is podman run with its flags, for the test program with the given words.
func (e *engine) container(flags, words string) result {
	e.t.Helper()
	args := []string{"run", "--cgroups", "disabled", "--network", "none"}
	args = append(append(args, strings.Fields(flags)...), "--rootfs", e.rootfs)
	return e.podman(append(append(args, "/inside"), strings.Fields(words)...)...)
}

func TestPodmanRuns(t *testing.T) {
	e := newEngine(t)
	e.container("--rm", "print hi -- exit 7").exits(7).prints("hi")
	e.container("--rm --hostname there --user 1000:1000 --workdir /bin --cap-drop ALL --ulimit nofile=100:200",
		"hostname -- id -- cwd").exits(0).mentions("there", "uid=1000 gid=1000", "/bin")
	e.container("--rm --userns keep-id", "id").exits(0).mentions(fmt.Sprintf("uid=%d", os.Getuid()))
	e.container("--rm", "seccomp").exits(0).prints("2") // podman's own filter
	profile := filepath.Join(e.dir, "seccomp.json")
	writeFile(t, profile, `{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["sethostname"], "action": "SCMP_ACT_ERRNO", "errnoRet": 25}]}`)
	e.container("--rm --security-opt seccomp="+profile, "call sethostname").exits(0).prints("sethostname ENOTTY")
	e.container("--rm --security-opt seccomp=unconfined", "seccomp").exits(0).prints("0")
	shared := filepath.Join(e.dir, "shared")
	if err := os.Mkdir(shared, 0o755); err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(shared, "file"), "of the host")
	e.container("--rm -v "+shared+":/v:ro,noexec", "cat /v/file -- write /v/file x").mentions("of the host").complains("read-only")
	e.nothingOfUrun()
}

func TestPodmanTellsWhyACommandCannotStart(t *testing.T) {
	e := newEngine(t)
	run := []string{"run", "--rm", "--cgroups", "disabled", "--network", "none", "--rootfs", e.rootfs}
	e.podman(append(run, "nowhere")...).exits(127).complains(`exec: "nowhere": executable file not found in $PATH`)
	e.podman(append(run, "/bin")...).exits(126).complains("permission denied")
	e.nothingOfUrun()
}

func TestPodmanLife(t *testing.T) {
	e := newEngine(t)
	name := e.id
	e.container("-d --name "+name, "print begun -- forever").exits(0)
	e.podman("exec", name, "/inside", "print", "entered").exits(0).prints("entered")
	e.podman("exec", name, "nowhere").exits(127)
	e.podman("logs", name).exits(0).prints("begun", "ready")
	e.podman("stop", "-t", "0", name).exits(0)
	e.podman("inspect", "-f", "{{.State.Status}} {{.State.ExitCode}}", name).prints("exited 137")
	e.podman("start", name).exits(0)
	e.podman("kill", name).exits(0)
	e.podman("wait", name).prints("137")
	e.podman("start", name).exits(0)
	e.podman("rm", "-f", "-t", "0", name).exits(0)
	e.nothingOfUrun()
}

// A client that adopts urun's orphans, as conmon does, reads the exit status of a detached process that has ended
// before urun has: nobody else may have collected it.
func TestPodmanExecGivesTheExitCodeOfAShortCommand(t *testing.T) {
	e := newEngine(t)
	if err := os.WriteFile(filepath.Join(e.rootfs, "three"), shortest(t), 0o755); err != nil {
		t.Fatal(err)
	}
	e.container("-d --name "+e.id, "forever").exits(0)
	for range 15 {
		e.podman("exec", e.id, "/three").exits(3)
	}
	e.podman("rm", "-f", "-t", "0", e.id).exits(0)
}

// shortest is a program that does nothing but exit(3): any Go program takes so long that urun is gone before it ends.
func shortest(t *testing.T) []byte {
	t.Helper()
	var machine elf.Machine
	var code []byte
	switch runtime.GOARCH {
	case "amd64": // mov edi, 3; mov eax, 60; syscall
		machine, code = elf.EM_X86_64, []byte{0xbf, 3, 0, 0, 0, 0xb8, 60, 0, 0, 0, 0x0f, 0x05}
	case "arm64": // mov x0, #3; mov x8, #93; svc #0
		machine, code = elf.EM_AARCH64, []byte{0x60, 0, 0x80, 0xd2, 0xa8, 0x0b, 0x80, 0xd2, 1, 0, 0, 0xd4}
	default:
		t.Skip("no program for " + runtime.GOARCH)
	}
	const base, headers = 0x400000, 64 + 56
	size := uint64(headers + len(code))
	var b bytes.Buffer
	for _, part := range []any{
		elf.Header64{
			Ident: [elf.EI_NIDENT]byte{0x7f, 'E', 'L', 'F', byte(elf.ELFCLASS64), byte(elf.ELFDATA2LSB), byte(elf.EV_CURRENT)},
			Type:  uint16(elf.ET_EXEC), Machine: uint16(machine), Version: uint32(elf.EV_CURRENT), Entry: base + headers,
			Phoff: 64, Ehsize: 64, Phentsize: 56, Phnum: 1,
		},
		elf.Prog64{
			Type: uint32(elf.PT_LOAD), Flags: uint32(elf.PF_R | elf.PF_X), Vaddr: base, Paddr: base,
			Filesz: size, Memsz: size, Align: 0x1000,
		},
		code,
	} {
		if err := binary.Write(&b, binary.LittleEndian, part); err != nil {
			t.Fatal(err)
		}
	}
	return b.Bytes()
}

// nothingOfUrun fails if urun's state directory holds anything.
func (e *engine) nothingOfUrun() {
	e.t.Helper()
	left, _ := filepath.Glob(filepath.Join(e.runtimeDir, "urun", "*"))
	if left = slices.DeleteFunc(left, isKept); len(left) > 0 {
		e.t.Errorf("left behind: %v", left)
	}
}
