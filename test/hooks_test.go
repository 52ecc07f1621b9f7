package test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
)

// sh is a hook that is a line of shell on the host.
func sh(script string) specs.Hook {
	return specs.Hook{Path: "/bin/sh", Args: []string{"sh", "-c", script}, Env: []string{"PATH=/usr/bin:/bin", "HOOK=yes"}}
}

func hooks(h specs.Hooks) change { return func(s *specs.Spec) { s.Hooks = &h } }

// hookOf is Hooks with one hook of one kind.
func hookOf(kind string, h specs.Hook) change {
	raw, err := json.Marshal(map[string][]specs.Hook{kind: {h}})
	if err != nil {
		panic(err)
	}
	return func(s *specs.Spec) {
		s.Hooks = &specs.Hooks{}
		if err := json.Unmarshal(raw, s.Hooks); err != nil {
			panic(err)
		}
	}
}

func TestHooksRunInOrderWithTheStateOnStdin(t *testing.T) {
	c := newCaller(t)
	// createContainer sees the container's mounts but still the host's root, so it can write here; startContainer
	// is a program of the rootfs.
	told := func(kind string) specs.Hook {
		return sh(fmt.Sprintf("echo %s >>%s/order; cat >%s/%s.json", kind, c.dir, c.dir, kind))
	}
	dir := c.bundle(inside("write /process ran -- exists /hook"), hooks(specs.Hooks{
		Prestart:        []specs.Hook{told("prestart")}, //lint:ignore SA1019 clients still use it
		CreateRuntime:   []specs.Hook{told("createRuntime")},
		CreateContainer: []specs.Hook{told("createContainer")},
		StartContainer:  []specs.Hook{{Path: "/inside", Args: []string{"hook", "exists", "/process", "--", "write", "/hook", "ran"}}},
		Poststart:       []specs.Hook{told("poststart")},
		Poststop:        []specs.Hook{told("poststop")},
	}))
	c.must("create", "-b", dir, c.id)
	if got, want := readFile(t, c.dir+"/order"), "prestart\ncreateRuntime\ncreateContainer\n"; got != want {
		t.Errorf("after create: %q, want %q", got, want)
	}
	if _, err := os.Lstat(dir + "/rootfs/hook"); err == nil {
		t.Error("startContainer ran before start")
	}
	c.must("start", c.id)
	c.becomes(c.id, specs.StateStopped)
	c.must("delete", c.id)
	if got, want := readFile(t, c.dir+"/order"), "prestart\ncreateRuntime\ncreateContainer\npoststart\npoststop\n"; got != want {
		t.Errorf("at the end: %q, want %q", got, want)
	}
	if got := readFile(t, dir+"/rootfs/hook"); got != "ran" {
		t.Errorf("startContainer wrote %q", got)
	}
	for kind, statuses := range map[string]string{
		"prestart": "creating created", "createRuntime": "creating created", "createContainer": "creating created",
		"poststart": "running", "poststop": "stopped",
	} {
		var s specs.State
		if err := json.Unmarshal([]byte(readFile(t, c.dir+"/"+kind+".json")), &s); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
		if s.ID != c.id || s.Bundle != dir || s.Version == "" || !strings.Contains(statuses, string(s.Status)) || (kind != "poststop" && s.Pid == 0) {
			t.Errorf("%s was told %+v, want status %s", kind, s, statuses)
		}
	}
}

func TestHooksHaveTheirOwnEnvironment(t *testing.T) {
	c := newCaller(t)
	out := filepath.Join(c.dir, "env")
	c.run(inside("print ok"), hookOf("createRuntime", sh("env >"+out))).exits(0)
	if got := readFile(t, out); !strings.Contains(got, "HOOK=yes\n") || strings.Contains(got, "URUN_TEST_CANARY") {
		t.Errorf("environment of the hook: %s", got)
	}
}

func TestCreateRuntimeHookMayLookIntoTheContainersNamespaces(t *testing.T) {
	c := newCaller(t)
	out := filepath.Join(c.dir, "ns")
	script := fmt.Sprintf(`pid=$(tr , '\n' | sed -n 's/.*"pid": *\([0-9]*\).*/\1/p'); readlink /proc/$pid/ns/uts >%s`, out)
	r := c.run(inside("ns uts"), hookOf("createRuntime", sh(script))).exits(0)
	if got := readFile(t, out); got != r.stdout {
		t.Errorf("the hook saw %q, the container is in %q", got, r.stdout)
	}
}

func TestCreateContainerHookRunsInTheContainersMountNamespace(t *testing.T) {
	c := newCaller(t)
	out := filepath.Join(c.dir, "ns")
	r := c.run(inside("ns mnt"), hookOf("createContainer", sh("readlink /proc/self/ns/mnt >"+out))).exits(0)
	if got := readFile(t, out); got != r.stdout {
		t.Errorf("the hook was in %q, the container is in %q", got, r.stdout)
	}
}

func TestFailingHooksStopTheContainer(t *testing.T) {
	second := 1
	for _, kind := range []string{"prestart", "createRuntime", "createContainer", "startContainer"} {
		hang := specs.Hook{Path: "/bin/sleep", Args: []string{"sleep", "3600"}, Timeout: &second}
		fail := sh("echo no luck >&2; exit 3")
		if kind == "startContainer" {
			hang = specs.Hook{Path: "/inside", Args: []string{"h", "sleep", "3600"}, Timeout: &second}
			fail = specs.Hook{Path: "/inside", Args: []string{"h", "stderr", "no luck", "--", "exit", "3"}}
		}
		for name, test := range map[string]struct {
			hook specs.Hook
			want []string
		}{
			"fails":      {fail, []string{kind, "3", "no luck"}},
			"hangs":      {hang, []string{kind, "1 s"}},
			"is missing": {specs.Hook{Path: "/nowhere/hook"}, []string{kind, "/nowhere/hook", "no such file or directory"}},
		} {
			t.Run(kind+" "+name, func(t *testing.T) {
				c := newCaller(t)
				r := c.run(inside("print ran"), hookOf(kind, test.hook)).refuses(1, test.want...)
				if strings.Contains(r.stdout, "ran") {
					t.Errorf("the process ran all the same\n%s", r)
				}
				c.nothingLeft()
			})
		}
	}
}

func TestARelativeHookPathIsRefused(t *testing.T) {
	c := newCaller(t)
	c.run(hookOf("createRuntime", specs.Hook{Path: "hook"})).refuses(1, "hook", "absolute")
}

func TestAFailingPoststopHookIsAWarning(t *testing.T) {
	c := newCaller(t)
	after := filepath.Join(c.dir, "after")
	c.must("create", "-b", c.bundle(hooks(specs.Hooks{Poststop: []specs.Hook{sh("exit 3"), sh("echo ran >" + after)}})), c.id)
	c.must("delete", "-f", c.id).complains("poststop")
	if readFile(t, after) != "ran\n" {
		t.Error("the second hook did not run")
	}
	c.nothingLeft()
}

func TestPoststopHooksRunAfterAFailedCreate(t *testing.T) {
	c := newCaller(t)
	mark := filepath.Join(c.dir, "stopped")
	c.run(hooks(specs.Hooks{CreateRuntime: []specs.Hook{sh("exit 1")}, Poststop: []specs.Hook{sh("touch " + mark)}})).refuses(1, "createRuntime")
	if _, err := os.Lstat(mark); err != nil {
		t.Error("what createRuntime made cannot be cleaned up: poststop did not run")
	}
}
