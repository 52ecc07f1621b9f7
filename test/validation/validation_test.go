package validation

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

// environment names what hack/validation.sh sets.
func environment(t *testing.T, name string) string {
	t.Helper()
	value := os.Getenv(name)
	if value == "" {
		t.Fatalf("%s is not set: run hack/validation.sh", name)
	}
	return value
}

// built lists the programs in the directory where go build put them.
func built(t *testing.T) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(environment(t, "URUN_VALIDATION_PROGRAMS"))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.Name() != "runtimetest" {
			names = append(names, e.Name())
		}
	}
	return names
}

// TestEveryProgramIsKnown: a program of the suite is run, or there is a reason, also after the version has changed.
func TestEveryProgramIsKnown(t *testing.T) {
	files, err := filepath.Glob(environment(t, "URUN_VALIDATION_SUITE") + "/validation/*/*.go")
	if err != nil {
		t.Fatal(err)
	}
	var suite []string
	for _, file := range files {
		if name := filepath.Base(filepath.Dir(file)); name != "util" {
			suite = append(suite, name)
		}
	}
	slices.Sort(suite)
	known := slices.Sorted(slices.Values(append(built(t), slices.Collect(maps.Keys(notRun))...)))
	if suite = slices.Compact(suite); !slices.Equal(suite, known) {
		t.Errorf("the suite has\n %s\nand known are\n %s", strings.Join(suite, " "), strings.Join(known, " "))
	}
}

// TestProgram runs them, each in a directory and with a runtime directory of its own.
func TestProgram(t *testing.T) {
	for _, name := range built(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			got := unexpected(t, name, failures(w.run(name)))
			for attempt := 1; attempt < 5 && len(got) > 0 && races[name] != ""; attempt++ {
				w.clear()
				got = unexpected(t, name, failures(w.run(name)))
			}
			if len(got) > 0 {
				t.Errorf("failures:\n  %s\n%s", strings.Join(got, "\n  "), w.told)
			}
			if left := w.clear(); len(left) > 0 {
				t.Errorf("left are the containers %s", left)
			}
		})
	}
}

// unexpected takes the failures out that have a reason; one that is missing is an error.
func unexpected(t *testing.T, name string, got []string) []string {
	t.Helper()
	for _, d := range differs[name] {
		before, like := len(got), regexp.MustCompile("^"+d.failure)
		got = slices.DeleteFunc(got, like.MatchString)
		if len(got) == before && !d.sometimes {
			t.Errorf("it does not say %q any more, which was expected: %s", d.failure, d.reason)
		}
	}
	return got
}

// A world is where one program runs: its working directory, with what the suite wants to find there.
type world struct {
	t    *testing.T
	dir  string
	env  []string
	told string // everything that the program has said
}

func newWorld(t *testing.T) *world {
	t.Helper()
	// Not t.TempDir: a container of other ids must be able to enter it.
	dir, err := os.MkdirTemp("/tmp", "urun-validation.")
	if err == nil {
		err = os.Chmod(dir, 0o755)
	}
	for _, sub := range []string{"/tmp", "/run"} {
		err = errors.Join(err, os.Mkdir(dir+sub, 0o755))
	}
	inside, err2 := os.ReadFile(environment(t, "URUN_VALIDATION_PROGRAMS") + "/runtimetest")
	err = errors.Join(err, err2, os.Chmod(dir+"/run", 0o700), os.WriteFile(dir+"/runtimetest", inside, 0o755),
		os.Symlink(environment(t, "URUN_VALIDATION_ROOTFS"), dir+"/rootfs-"+runtime.GOARCH+".tar.gz"))
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, dir: dir, env: append(os.Environ(), "TMPDIR="+dir+"/tmp", "XDG_RUNTIME_DIR="+dir+"/run", "RUNTIME="+environment(t, "URUN"))}
	t.Cleanup(func() {
		// What a container's other ids own, root of all ids may remove.
		if os.RemoveAll(dir) != nil {
			w.urun("unshare", "rm", "-rf", dir)
		}
	})
	return w
}

// clear deletes the containers that a program has left, and names them.
func (w *world) clear() []string {
	w.t.Helper()
	left := strings.Fields(w.urun("list", "-q"))
	for _, id := range left {
		w.urun("delete", "--force", id)
	}
	return left
}

// urun runs the runtime itself and gives what it prints.
func (w *world) urun(words ...string) string {
	w.t.Helper()
	cmd := exec.Command(environment(w.t, "URUN"), words...)
	cmd.Env = w.env
	out, err := cmd.CombinedOutput()
	if err != nil {
		w.t.Errorf("%s: %v\n%s", cmd, err, out)
	}
	return string(out)
}

// run runs a program until it ends, at most for as long as anything may take.
func (w *world) run(name string) outcome {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), 2*time.Minute)
	defer cancel()
	words := []string{filepath.Join(environment(w.t, "URUN_VALIDATION_PROGRAMS"), name)}
	if inNamespace[name] {
		words = append([]string{environment(w.t, "URUN"), "unshare"}, words...)
	}
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, words[0], words[1:]...)
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = w.dir, w.env, &stdout, &stderr
	cmd.WaitDelay = time.Second
	var exit *exec.ExitError
	if err := cmd.Run(); err != nil && !errors.As(err, &exit) {
		w.t.Fatal(err)
	}
	w.told = "stdout:\n" + stdout.String() + "stderr:\n" + stderr.String()
	return outcome{cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()}
}
