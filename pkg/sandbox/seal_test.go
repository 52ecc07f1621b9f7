package sandbox

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// sealHere is what a copy of this test binary does: it seals itself and tells what it runs from then.
func sealHere() int {
	if err := Seal(); err != nil {
		fmt.Print(err)
		return 1
	}
	exe, _ := os.Readlink(self)
	_, writing := os.OpenFile(self, os.O_WRONLY, 0)
	fd, err := os.Open(self)
	if err != nil {
		fmt.Print(err)
		return 1
	}
	seals, _ := unix.FcntlInt(fd.Fd(), unix.F_GET_SEALS, 0)
	fmt.Printf("%s|%s|%v|%x|%s|%s%s", exe, strings.Join(os.Args[1:], " "), writing != nil, seals&allSeals, os.Getenv("URUN_TEST_SEAL"), Binary(), os.Getenv(sealedFrom))
	return 0
}

// sealed runs a copy of this test binary at path, as the given user.
func sealed(t *testing.T, path string, uid int) (exe string, rest []string) {
	t.Helper()
	cmd := exec.Command(path, "one", "two")
	cmd.Dir = "/"
	if uid != os.Getuid() {
		id := uint32(uid)
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: id, Gid: id}}
	}
	cmd.Env = []string{"URUN_TEST_SEAL=yes"}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	said := strings.Split(string(out), "|")
	return said[0], said[1:]
}

// copyOfMyself makes an executable copy of this test binary.
func copyOfMyself(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "urun")
	raw, err := os.ReadFile(self)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, raw, 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestSealOwnBinary(t *testing.T) {
	path := copyOfMyself(t)
	exe, rest := sealed(t, path, os.Getuid())
	if exe != "/memfd:urun (deleted)" {
		t.Errorf("it runs from %s", exe)
	}
	if got := strings.Join(rest, "|"); got != fmt.Sprintf("one two|true|%x|yes|%s", allSeals, path) {
		t.Errorf("arguments, not writable, seals, environment, what it is a copy of: %s", got)
	}
}
