package seccomp

import (
	"encoding/json"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"
)

// podmanProfile is the default profile of podman, in the package golang-github-containers-common of Debian.
const podmanProfile = "/usr/share/containers/seccomp.json"

// enginesRule is a rule as engines write it, with conditions on the machine.
type enginesRule struct {
	specs.LinuxSyscall
	Includes, Excludes struct {
		Caps, Arches []string
		MinKernel    string
	}
}

// podmanSection is the profile for this machine and a container without capabilities.
func podmanSection(t testing.TB) *specs.LinuxSeccomp {
	t.Helper()
	text, err := os.ReadFile(podmanProfile)
	if err != nil {
		t.Fatalf("%v: install golang-github-containers-common", err)
	}
	var p struct {
		DefaultAction   specs.LinuxSeccompAction
		DefaultErrnoRet *uint
		ArchMap         []struct {
			Architecture     specs.Arch
			SubArchitectures []specs.Arch
		}
		Syscalls []enginesRule
	}
	if err := json.Unmarshal(text, &p); err != nil {
		t.Fatalf("%s: %v", podmanProfile, err)
	}
	s := &specs.LinuxSeccomp{DefaultAction: p.DefaultAction, DefaultErrnoRet: p.DefaultErrnoRet}
	for _, a := range p.ArchMap {
		if a.Architecture == Native() || slices.Contains(a.SubArchitectures, Native()) {
			s.Architectures = append([]specs.Arch{a.Architecture}, a.SubArchitectures...)
		}
	}
	for _, r := range p.Syscalls {
		in := len(r.Includes.Arches) == 0 || slices.Contains(r.Includes.Arches, runtime.GOARCH)
		if in && len(r.Includes.Caps) == 0 && !slices.Contains(r.Excludes.Arches, runtime.GOARCH) {
			s.Syscalls = append(s.Syscalls, r.LinuxSyscall)
		}
	}
	return s
}

// TestPodmanProfile: every call that the profile refuses without a look at its arguments is refused by the kernel,
// with the errno that the profile says, and ordinary programs run.
func TestPodmanProfile(t *testing.T) {
	s := podmanSection(t)
	f, err := Compile(s, Native())
	if err != nil {
		t.Fatal(err)
	}
	j := job{Section: s}
	var want []unix.Errno
	for nr := range uint32(600) {
		e := event{nr: nr, arch: archOf(Native()).audit, args: [6]uint64{^uint64(0), ^uint64(0), ^uint64(0), ^uint64(0), ^uint64(0), ^uint64(0)}}
		ret, _, err := interpret(f.Insns, e, archOf(Native()).order)
		if err != nil {
			t.Fatal(err)
		}
		if ret&unix.SECCOMP_RET_ACTION_FULL == unix.SECCOMP_RET_ERRNO && !unfiltered(nr) {
			j.Calls = append(j.Calls, [7]uint64{uint64(nr), e.args[0], e.args[1], e.args[2], e.args[3], e.args[4], e.args[5]})
			want = append(want, unix.Errno(ret&unix.SECCOMP_RET_DATA))
		}
	}
	if len(want) < 150 {
		t.Fatalf("only %d calls are refused", len(want))
	}
	for i, got := range j.errnos(t) {
		if got != want[i] {
			t.Errorf("call %d: %v, want %v", j.Calls[i][0], got, want[i])
		}
	}
	stdout, stderr, status := job{Section: s, Exec: []string{"/bin/sh", "-c", "echo a b | wc -w"}}.run(t)
	if strings.TrimSpace(stdout) != "2" {
		t.Errorf("status %#x: %q %q", int(status), stdout, stderr)
	}
}

// unfiltered are the calls of the kernel's own trampolines on x86-64. It lets them past every filter, and kills whoever else
// makes them (commit cf6cb56ef244, "seccomp: passthrough uretprobe systemcall without filtering").
func unfiltered(nr uint32) bool {
	for _, name := range []string{"uretprobe", "uprobe"} {
		if own, ok := archOf(Native()).number(rowOf(name)); ok && own == nr {
			return true
		}
	}
	return false
}

// TestPodmanProfileIsCheap counts what a call costs, in instructions, the answer included, and the size of the program.
func TestPodmanProfileIsCheap(t *testing.T) {
	s := podmanSection(t)
	f, err := Compile(s, Native())
	if err != nil {
		t.Fatal(err)
	}
	most, sum, n := 0, 0, 0
	for i := range table {
		if nr, ok := archOf(Native()).number(i); ok {
			_, steps, err := interpret(f.Insns, event{nr: nr, arch: archOf(Native()).audit}, archOf(Native()).order)
			if err != nil {
				t.Fatal(err)
			}
			most, sum, n = max(most, steps), sum+steps, n+1
		}
	}
	t.Logf("%d instructions; a call costs %d at most, %.1f on average", len(f.Insns), most, float64(sum)/float64(n))
	if most > 24 || sum/n > 12 || len(f.Insns) > 1000 {
		t.Errorf("%d instructions; a call costs %d at most, %d on average", len(f.Insns), most, sum/n)
	}
}

func BenchmarkCompile(b *testing.B) {
	s := podmanSection(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Compile(s, Native()); err != nil {
			b.Fatal(err)
		}
	}
}
