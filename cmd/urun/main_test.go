package main

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestMain lets the transcripts start this test binary as urun.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"urun": main})
}

// TestTranscripts plays the conversations in testdata: what is typed, and what urun answers.
func TestTranscripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(e *testscript.Env) error {
			root := filepath.Join(e.WorkDir, "state")
			e.Setenv("URUN_ROOT", root)
			e.Defer(func() { // what a transcript that breaks off has left
				run([]string{"--root", root, "delete", "--force", "web"}, strings.NewReader(""), io.Discard, io.Discard)
			})
			return nil
		},
		Condition: func(cond string) (bool, error) {
			_, err := exec.LookPath(cond) // [bash]: there is one
			return err == nil, nil
		},
	})
}

// call runs the command line in this process.
func call(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	t.Setenv("URUN_ROOT", t.TempDir())
	var out, errs bytes.Buffer
	code = run(args, strings.NewReader(""), &out, &errs)
	return code, out.String(), errs.String()
}

// TestModel builds the model of all commands, which no ordinary command line does: a slip in a tag shows here.
func TestModel(t *testing.T) {
	k, cmds, err := fullModel(commands(), &App{Stdout: os.Stdout, Stderr: os.Stderr})
	if err != nil {
		t.Fatal(err)
	}
	explain(k)
	for i, node := range k.Model.Children {
		if node.Help == "" || !strings.HasSuffix(node.Help, ".") {
			t.Errorf("%s: help %q is not a sentence", node.Name, node.Help)
		}
		for _, f := range node.Flags {
			if f.Help == "" {
				t.Errorf("%s --%s has no help", node.Name, f.Name)
			}
		}
		if _, ok := cmds[i].(interface{ about() string }); !ok && wantsID(node) {
			t.Errorf("%s takes a container and does not say which in its errors", node.Name)
		}
	}
}

// TestLog checks what clients of runc read from the log of a failed command: its last line of level error.
func TestLog(t *testing.T) {
	file := filepath.Join(t.TempDir(), "log")
	for range 2 {
		code, _, stderr := call(t, "--log", file, "--log-format=json", "state", "nobody")
		if code != 1 || !strings.HasPrefix(stderr, "urun: state nobody: container does not exist\n  hint: ") {
			t.Fatalf("code %d, stderr %q", code, stderr)
		}
	}
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(data)), "\n")
	if len(lines) != 2 {
		t.Fatalf("%d lines, want one per failure:\n%s", len(lines), data)
	}
	var entry struct {
		Level, Msg string
		Time       time.Time
	}
	if err := json.Unmarshal([]byte(lines[1]), &entry); err != nil {
		t.Fatal(err)
	}
	if entry.Level != "error" || entry.Msg != "state nobody: container does not exist" || entry.Time.IsZero() {
		t.Errorf("logged %+v", entry)
	}
}

// TestNotices checks where a notice goes: never between the answers that programs read.
func TestNotices(t *testing.T) {
	for _, c := range []struct {
		name       string
		quiet, log bool
		level      string
		want       string
	}{
		{"stderr", false, false, "warning", "urun: notice: half\n"},
		{"parsed by programs", true, false, "warning", ""},
		{"logged", false, true, "warning", ""},
		{"unwanted", false, false, "error", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			var stderr, log bytes.Buffer
			app := &App{Stderr: &stderr, quiet: c.quiet}
			app.LogLevel = c.level
			if c.log {
				app.log = &logger{w: nopCloser{&log}, now: func() time.Time { return time.Unix(0, 0) }}
			}
			app.warn("half")
			app.debug("never seen")
			if stderr.String() != c.want {
				t.Errorf("stderr %q, want %q", stderr.String(), c.want)
			}
			want := ""
			if c.log {
				want = "time=\"1970-01-01T00:00:00Z\" level=warning msg=\"half\"\n"
			}
			if log.String() != want {
				t.Errorf("log %q, want %q", log.String(), want)
			}
		})
	}
}

type nopCloser struct{ *bytes.Buffer }

func (nopCloser) Close() error { return nil }
