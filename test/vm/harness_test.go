//go:build vm

package vm

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"
)

// A session is that of the user who runs the tests: their own manager, bus and runtime directory, as they are.
type session struct {
	t    *testing.T
	urun string // the binary under test
	dir  string // for bundles; containers are named after the test
}

// newSession fails where the host lacks what these tests are about.
func newSession(t *testing.T) *session {
	t.Helper()
	runtimeDir := os.Getenv("XDG_RUNTIME_DIR")
	for path, what := range map[string]string{
		"/run/systemd/system": "systemd as init", runtimeDir + "/bus": "a session bus in XDG_RUNTIME_DIR (" + runtimeDir + ")",
		os.Getenv("URUN"): "the binary under test, in URUN", os.Getenv("URUN_TEST_INSIDE"): "test/inside, in URUN_TEST_INSIDE",
	} {
		if _, err := os.Stat(path); err != nil {
			t.Fatalf("there must be %s: %v; make test-vm has it all", what, err)
		}
	}
	var fs unix.Statfs_t
	if err := unix.Statfs("/sys/fs/cgroup", &fs); err != nil || int64(fs.Type) != unix.CGROUP2_SUPER_MAGIC {
		t.Fatalf("/sys/fs/cgroup must be cgroup v2 (error: %v); make test-vm has it", err)
	}
	return &session{t: t, urun: os.Getenv("URUN"), dir: t.TempDir()}
}

// A result is how a command ended.
type result struct {
	code           int
	stdout, stderr string
}

// run runs a command to its end, but not longer than a minute, or URUN_TEST_SLOW times that. What it prints goes through
// files: a container that it leaves behind keeps its standard output.
func (s *session) run(words ...string) result {
	s.t.Helper()
	factor, err := strconv.Atoi(os.Getenv("URUN_TEST_SLOW"))
	if err != nil {
		factor = 1
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Duration(factor)*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, words[0], words[1:]...)
	var files [2]*os.File
	for i := range files {
		if files[i], err = os.CreateTemp(s.dir, "output"); err != nil {
			s.t.Fatal(err)
		}
		defer files[i].Close()
	}
	cmd.Stdout, cmd.Stderr = files[0], files[1]
	err = cmd.Run()
	var text [2]string
	for i, file := range files {
		raw, _ := os.ReadFile(file.Name())
		text[i] = strings.TrimSpace(string(raw))
	}
	if cmd.ProcessState == nil || !cmd.ProcessState.Exited() {
		s.t.Fatalf("%s: %v\n%s", cmd, err, text[1])
	}
	return result{cmd.ProcessState.ExitCode(), text[0], text[1]}
}

// must is run for what must succeed; it gives the standard output.
func (s *session) must(words ...string) string {
	s.t.Helper()
	r := s.run(words...)
	if r.code != 0 {
		s.t.Fatalf("%s: exit code %d\n%s\n%s", strings.Join(words, " "), r.code, r.stdout, r.stderr)
	}
	return r.stdout
}

// rootfs makes a root file system that is the test program, /inside.
func (s *session) rootfs() string {
	s.t.Helper()
	dir := filepath.Join(s.dir, "rootfs")
	program, err := os.ReadFile(os.Getenv("URUN_TEST_INSIDE"))
	if err == nil {
		err = os.MkdirAll(dir, 0o755)
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "inside"), program, 0o755)
	}
	if err != nil {
		s.t.Fatal(err)
	}
	return dir
}

// bundle makes a bundle that runs the test program with words; change may be nil. It gives the bundle's directory.
func (s *session) bundle(words string, change func(*specs.Spec)) string {
	s.t.Helper()
	s.rootfs()
	s.must(s.urun, "spec", "--rootless", "--bundle", s.dir)
	path := filepath.Join(s.dir, "config.json")
	raw, err := os.ReadFile(path)
	spec := &specs.Spec{}
	if err == nil {
		err = json.Unmarshal(raw, spec)
	}
	if err == nil {
		spec.Process.Terminal = false
		spec.Process.Args = append([]string{"/inside"}, strings.Fields(words)...)
		if change != nil {
			change(spec)
		}
		raw, err = json.Marshal(spec)
	}
	if err == nil {
		err = os.WriteFile(path, raw, 0o644)
	}
	if err != nil {
		s.t.Fatal(err)
	}
	return s.dir
}

// state is the answer of urun state.
func (s *session) state(id string) specs.State {
	s.t.Helper()
	var state specs.State
	if err := json.Unmarshal([]byte(s.must(s.urun, "state", id)), &state); err != nil {
		s.t.Fatal(err)
	}
	return state
}

// delegated are the controllers that the user's manager may hand out.
func (s *session) delegated() []string {
	s.t.Helper()
	uid := os.Getuid()
	path := fmt.Sprintf("/sys/fs/cgroup/user.slice/user-%d.slice/user@%d.service/cgroup.controllers", uid, uid)
	text, err := os.ReadFile(path)
	if err != nil {
		s.t.Fatal(err)
	}
	return strings.Fields(string(text))
}
