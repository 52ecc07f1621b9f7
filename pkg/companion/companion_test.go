package companion

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestFind(t *testing.T) {
	t.Setenv(Variable, "")
	prefix := t.TempDir()
	exe := filepath.Join(prefix, "bin", "urun")
	if path, why := Find(exe); path != "" || !strings.Contains(why, "urun-monitor is neither beside "+exe+" nor in "+prefix+"/libexec/urun") {
		t.Errorf("%q, %q", path, why)
	}
	// From the last place to the first: each goes before those that are there already.
	for _, dir := range []string{"libexec", "libexec/urun", "bin"} {
		path := filepath.Join(prefix, dir, Name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, nil, 0o644)); err != nil {
			t.Fatal(err)
		}
		if got, _ := Find(exe); got == path && os.Geteuid() != 0 {
			t.Errorf("%s cannot be executed", path)
		}
		if err := os.Chmod(path, 0o755); err != nil {
			t.Fatal(err)
		}
		if got, why := Find(exe); got != path || why != "" {
			t.Errorf("with %s: %q, %q", path, got, why)
		}
	}
	t.Setenv(Variable, "/bin/true")
	if got, _ := Find(exe); got != "/bin/true" {
		t.Errorf("%q", got)
	}
	for _, bad := range []string{"/nowhere", "/bin", "urun-monitor"} {
		t.Setenv(Variable, bad)
		if got, why := Find(exe); got != "" || why != Variable+"="+bad+" is no program" {
			t.Errorf("%q, %q", got, why)
		}
	}
}

func TestReceive(t *testing.T) {
	for text, want := range map[string]string{
		"": ErrNoOrder.Error(), "{": "read the order", `{"pid":"x"}`: "read the order", "null": "names no process", `{"pid":7}`: "nothing to do",
		`{"pid":-1,"duties":[{"kind":"memory"}]}`: "names no process", strings.Repeat(" ", 2*maxOrder): "read the order",
	} {
		if _, err := Receive(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40q: %v", text, err)
		}
	}
	o, err := Receive(strings.NewReader(`{"id":"a","pid":7,"startTime":8,"later":true,"duties":[{"kind":"memory","limit":9,"namespace":"pid"}]}`))
	if err != nil || o.ID != "a" || o.Pid != 7 || o.StartTime != 8 || len(o.Duties) != 1 || o.Duties[0] != (Duty{Kind: Memory, Limit: 9, Namespace: "pid"}) {
		t.Errorf("%+v, %v", o, err)
	}
}

// TestOddCompanions: programs that are none do not hang urun.
func TestOddCompanions(t *testing.T) {
	dir, err := os.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer dir.Close()
	script := func(text string) string {
		path := filepath.Join(t.TempDir(), "program")
		if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for name, test := range map[string]struct {
		path, want string
		patience   time.Duration
	}{
		"ends":       {"/bin/false", "has ended without a word", time.Minute},
		"is silent":  {script("#!/bin/sh\nexec sleep 1000\n"), "no answer in time", 300 * time.Millisecond},
		"says no":    {script("#!/bin/sh\nread order <&3\nprintf 'I had rather not' >&3\n"), "urun-monitor: I had rather not", time.Minute},
		"says ready": {script("#!/bin/sh\nread order <&3\nprintf ready >&3\n"), "", time.Minute},
		"babbles":    {script("#!/bin/sh\nwhile :; do echo much too much; done >&3\n"), "", 5 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			c, err := Start(test.path, "a", int(dir.Fd()))
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = unix.Kill(c.Pid, unix.SIGKILL); _, _ = unix.Wait4(c.Pid, nil, 0, nil) }()
			err = c.Give(Order{ID: "a", Pid: 7, Duties: []Duty{{Kind: Memory}}})
			if err == nil {
				_, err = c.Ready(time.Now().Add(test.patience))
			}
			switch {
			case name == "says ready" && err != nil, name != "says ready" && err == nil:
				t.Error(err)
			case name == "ends": // before or after it could take its order
			case err != nil && !strings.Contains(err.Error(), test.want):
				t.Error(err)
			}
		})
	}
	if _, err := Start(script("#!/nowhere/at/all\n"), "a", int(dir.Fd())); !errors.Is(err, unix.ENOENT) {
		t.Errorf("what cannot be executed: %v", err)
	}
}
