package test

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
)

// hookKinds are the kinds of hooks in the order in which they are run, with what the specification says of each
// (config.md, "POSIX-platform Hooks"; runtime.md, "Lifecycle").
var hookKinds = []struct {
	name   string
	inside bool // runs in the container's namespaces
	own    bool // its path is one of the container, not of the host
	status specs.ContainerState
}{
	{"prestart", false, false, specs.StateCreating},
	{"createRuntime", false, false, specs.StateCreating},
	{"createContainer", true, false, specs.StateCreating},
	{"startContainer", true, true, specs.StateCreated},
	{"poststart", false, false, specs.StateRunning},
	{"poststop", false, false, specs.StateStopped},
}

// everyHook gives each kind the hooks that hook makes for it.
func everyHook(hook func(kind string, own bool) []specs.Hook) change {
	all := map[string][]specs.Hook{}
	for _, k := range hookKinds {
		all[k.name] = hook(k.name, k.own)
	}
	return func(s *specs.Spec) {
		raw, err := json.Marshal(all)
		if err == nil {
			s.Hooks = &specs.Hooks{}
			err = json.Unmarshal(raw, s.Hooks)
		}
		if err != nil {
			panic(err)
		}
	}
}

// within is a hook that is a program of the container.
func within(words string) specs.Hook {
	return specs.Hook{Path: "/inside", Args: append([]string{"hook"}, strings.Fields(words)...)}
}

// ways are those to bring a container through its whole life.
var ways = map[string]func(c *caller, dir string){
	"run": func(c *caller, dir string) { c.must("run", "-b", dir, c.id) },
	"create and start": func(c *caller, dir string) {
		c.must("create", "-b", dir, c.id)
		c.must("start", c.id)
		c.becomes(c.id, specs.StateStopped)
		c.must("delete", c.id)
	},
}

// TestEveryHookIsToldTheState: with the status of its moment, and the pid as it is seen where the hook runs.
func TestEveryHookIsToldTheState(t *testing.T) {
	for name, live := range ways {
		t.Run(name, func(t *testing.T) {
			c := newCaller(t)
			dir := c.bundle(inside("print ok"), func(s *specs.Spec) { s.Annotations = map[string]string{"a": "b"} },
				everyHook(func(kind string, own bool) []specs.Hook {
					if own {
						return []specs.Hook{within("save /" + kind)}
					}
					return []specs.Hook{sh("cat >" + c.dir + "/" + kind)}
				}))
			live(c, dir)
			for _, k := range hookKinds {
				file := c.dir + "/" + k.name
				if k.own {
					file = dir + "/rootfs/" + k.name
				}
				var s specs.State
				if err := json.Unmarshal([]byte(readFile(t, file)), &s); err != nil {
					t.Fatalf("%s: %v", k.name, err)
				}
				if s.ID != c.id || s.Bundle != dir || s.Version == "" || s.Annotations["a"] != "b" || s.Status != k.status {
					t.Errorf("%s was told %+v, want status %s", k.name, s, k.status)
				}
				if ended := k.status == specs.StateStopped; ended != (s.Pid == 0) || k.inside != (s.Pid == 1) {
					t.Errorf("%s was told pid %d", k.name, s.Pid)
				}
			}
		})
	}
}

// TestHooksOfAKindRunAsListed: two of each kind, all in one order.
func TestHooksOfAKindRunAsListed(t *testing.T) {
	c := newCaller(t)
	order := c.dir + "/order"
	var want string
	for _, k := range hookKinds {
		if !k.own {
			want += k.name + " 1\n" + k.name + " 2\n"
		}
	}
	dir := c.bundle(inside("print ok"), everyHook(func(kind string, own bool) []specs.Hook {
		if own { // the second finds what the first has made
			return []specs.Hook{within("write /first x"), within("cat /first -- write /second x")}
		}
		say := func(n int) specs.Hook { return sh(fmt.Sprintf("echo %s %d >>%s", kind, n, order)) }
		return []specs.Hook{say(1), say(2)}
	}))
	ways["create and start"](c, dir)
	if got := readFile(t, order); got != want {
		t.Errorf("the order was\n%swant\n%s", got, want)
	}
	if _, err := os.Lstat(dir + "/rootfs/second"); err != nil {
		t.Error("the second startContainer hook did not run after the first")
	}
}

// TestHooksRunInTheirNamespaces: in those of the container, or in the caller's.
func TestHooksRunInTheirNamespaces(t *testing.T) {
	kinds := []string{"user", "mnt", "pid", "uts", "ipc"}
	c := newCaller(t)
	dir := c.bundle(inside("forever"), everyHook(func(kind string, own bool) []specs.Hook {
		if own {
			return []specs.Hook{within("nsfile /" + kind + " " + strings.Join(kinds, " "))}
		}
		script := fmt.Sprintf("cd /proc/self/ns && readlink %s >%s/%s", strings.Join(kinds, " "), c.dir, kind)
		return []specs.Hook{sh(script)}
	}))
	c.must("create", "-b", dir, c.id)
	c.must("start", c.id)
	its, ours := fmt.Sprintf("/proc/%d/ns/", c.state(c.id).Pid), "/proc/self/ns/"
	links := func(dir string) (all string) {
		for _, kind := range kinds {
			to, err := os.Readlink(dir + kind)
			if err != nil {
				t.Fatal(err)
			}
			all += to + "\n"
		}
		return all
	}
	want := map[bool]string{true: links(its), false: links(ours)}
	c.must("delete", "-f", c.id)
	for _, k := range hookKinds {
		file := c.dir + "/" + k.name
		if k.own {
			file = dir + "/rootfs/" + k.name
		}
		if got := readFile(t, file); got != want[k.inside] {
			t.Errorf("%s was in\n%swant\n%s", k.name, got, want[k.inside])
		}
	}
}

// TestHooksHaveNoEnvironmentButTheirOwn: neither the caller's nor the process's.
func TestHooksHaveNoEnvironmentButTheirOwn(t *testing.T) {
	for name, env := range map[string][]string{"none": nil, "some": {"A=1", "B=x y"}} {
		t.Run(name, func(t *testing.T) {
			c := newCaller(t)
			dir := c.bundle(inside("print ok"), everyHook(func(kind string, own bool) []specs.Hook {
				h := specs.Hook{Path: "/bin/sh", Args: []string{"sh", "-c", "tr '\\0' '\\n' </proc/self/environ >" + c.dir + "/" + kind}, Env: env}
				if own {
					h = within("envfile /" + kind)
					h.Env = env
				}
				return []specs.Hook{h}
			}))
			live := ways["create and start"]
			live(c, dir)
			want := strings.Join(append(env, ""), "\n")
			for _, k := range hookKinds {
				file := c.dir + "/" + k.name
				if k.own {
					file = dir + "/rootfs/" + k.name
				}
				if got := readFile(t, file); got != want {
					t.Errorf("%s has %q, want %q", k.name, got, want)
				}
			}
		})
	}
}

// TestAFailingHookEndsTheContainer: from whatever kind on, by an exit code, by a timeout and where it is missing. The
// container is gone, its id is free, and poststop hooks have cleaned up.
func TestAFailingHookEndsTheContainer(t *testing.T) {
	second := 1
	for _, k := range hookKinds[:5] {
		bad := map[string]specs.Hook{"fails": sh("exit 3"), "hangs": sh("exec sleep 3600"), "is missing": {Path: "/nowhere/hook"}}
		if k.own {
			bad["fails"], bad["hangs"] = within("exit 3"), within("sleep 3600")
		}
		for name, h := range bad {
			t.Run(k.name+" "+name, func(t *testing.T) {
				if name == "hangs" {
					h.Timeout = &second
				}
				c := newCaller(t)
				mark := c.dir + "/poststop"
				dir := c.bundle(inside("sleep 3600"), hookOf(k.name, h), func(s *specs.Spec) {
					s.Hooks.Poststop = []specs.Hook{sh("echo ran >>" + mark)}
				})
				if k.status == specs.StateCreating {
					c.urun("create", "-b", dir, c.id).refuses(1, k.name)
				} else {
					c.must("create", "-b", dir, c.id)
					c.urun("start", c.id).refuses(1, k.name)
				}
				c.nothingLeft()
				c.urun("state", c.id).refuses(1, "does not exist")
				c.urun("run", "-b", dir, c.id).refuses(1, k.name)
				c.nothingLeft()
				if got := readFile(t, mark); got != "ran\nran\n" {
					t.Errorf("poststop: %q", got)
				}
			})
		}
	}
}

// TestPoststopHooksThatFail: each way is a warning, and the rest goes on.
func TestPoststopHooksThatFail(t *testing.T) {
	second := 1
	hang := sh("exec sleep 3600")
	hang.Timeout = &second
	c := newCaller(t)
	after := c.dir + "/after"
	bad := hooks(specs.Hooks{Poststop: []specs.Hook{sh("exit 3"), hang, {Path: "/nowhere/hook"}, sh("echo ran >" + after)}})
	c.run(inside("exit 7"), bad).exits(7).complains("poststop hook /bin/sh: exit status 3", "no end within 1 s", "/nowhere/hook: no such file")
	if readFile(t, after) != "ran\n" {
		t.Error("the last hook did not run")
	}
	c.nothingLeft()
}
