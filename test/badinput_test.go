package test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
)

// refused runs the bundle as create and as run and asks for the same refusal, with nothing left.
func (c *caller) refused(dir string, want ...string) {
	c.t.Helper()
	c.urun("create", "-b", dir, c.id).refuses(1, want...)
	c.nothingLeft()
	c.urun("run", "-b", dir, c.id).refuses(1, want...)
	c.nothingLeft()
}

func TestNoConfig(t *testing.T) {
	c := newCaller(t)
	empty := filepath.Join(c.dir, "empty")
	if err := os.Mkdir(empty, 0o755); err != nil {
		t.Fatal(err)
	}
	c.refused(empty, "config.json", "no such file or directory")
	c.refused("/nowhere", "/nowhere", "no such file or directory")
	c.urunIn(empty, nil, "run", c.id).refuses(1, "config.json")
}

func TestBrokenConfigs(t *testing.T) {
	for name, test := range map[string]struct {
		text string
		want []string
	}{
		"syntax":          {"{\n  \"ociVersion\": \"1.0.2\",\n  \"root\": }\n}", []string{"config.json", "3:11"}},
		"empty file":      {"", []string{"config.json"}},
		"cut off":         {"{\"ociVersion\": \"1.0.2\",\n", []string{"config.json"}},
		"wrong type":      {`{"ociVersion": "1.0.2", "process": {"args": "sh"}}`, []string{"process.args"}},
		"an array":        {`[]`, []string{"config.json"}},
		"number too big":  {`{"ociVersion": "1.0.2", "process": {"user": {"uid": 4294967296}}}`, []string{"uid"}},
		"negative number": {`{"ociVersion": "1.0.2", "process": {"user": {"uid": -1}}}`, []string{"uid"}},
		"trailing text":   {`{"ociVersion": "1.0.2"} more`, []string{"config.json"}},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCaller(t)
			dir := c.bundle()
			writeFile(t, dir+"/config.json", test.text)
			c.refused(dir, test.want...)
		})
	}
}

func TestBadConfigs(t *testing.T) {
	set := func(f func(s *specs.Spec)) change { return f }
	for name, test := range map[string]struct {
		change change
		want   []string
	}{
		"version unknown":    {set(func(s *specs.Spec) { s.Version = "9.9.9" }), []string{"9.9.9", "ociVersion"}},
		"version missing":    {set(func(s *specs.Spec) { s.Version = "" }), []string{"ociVersion"}},
		"version nonsense":   {set(func(s *specs.Spec) { s.Version = "one" }), []string{"ociVersion"}},
		"rootfs missing":     {set(func(s *specs.Spec) { s.Root.Path = "absent" }), []string{"absent", "exist"}},
		"rootfs is a file":   {set(func(s *specs.Spec) { s.Root.Path = "config.json" }), []string{"config.json", "not a directory"}},
		"no root":            {set(func(s *specs.Spec) { s.Root = nil }), []string{"root"}},
		"no process":         {set(func(s *specs.Spec) { s.Process = nil }), []string{"process"}},
		"args empty":         {args(), []string{"args"}},
		"args one empty":     {args(""), []string{"args"}},
		"cwd missing":        {process(func(p *specs.Process) { p.Cwd = "" }), []string{"cwd"}},
		"cwd relative":       {process(func(p *specs.Process) { p.Cwd = "tmp" }), []string{"cwd"}},
		"NUL in args":        {args("/inside", "a\x00b"), []string{"args"}},
		"NUL in env":         {process(func(p *specs.Process) { p.Env = []string{"A=\x00"} }), []string{"env"}},
		"mount without dest": {mounted(specs.Mount{Type: "tmpfs", Source: "tmpfs"}), []string{"mounts", "destination"}},
		"relative dest up":   {mounted(bind("/etc", "../../etc")), []string{"../../etc"}},
		"unknown filesystem": {mounted(specs.Mount{Destination: "/x", Type: "nosuchfs", Source: "x"}), []string{"/x", "nosuchfs"}},
		"unknown namespace":  {namespace("moon", ""), []string{"moon"}},
		"namespace twice": {func(s *specs.Spec) {
			s.Linux.Namespaces = append(s.Linux.Namespaces, specs.LinuxNamespace{Type: specs.PIDNamespace})
		}, []string{"pid"}},
		"100000 mounts": {func(s *specs.Spec) {
			for range 100_000 {
				s.Mounts = append(s.Mounts, specs.Mount{Destination: "/x", Type: "tmpfs", Source: "tmpfs"})
			}
		}, []string{"too much to set up"}},
		"propagation unknown": {set(func(s *specs.Spec) { s.Linux.RootfsPropagation = "sideways" }), []string{"sideways"}},
		"unsupported key":     {set(func(s *specs.Spec) { s.Linux.IntelRdt = &specs.LinuxIntelRdt{ClosID: "x"} }), []string{"intelRdt"}},
		"another system":      {set(func(s *specs.Spec) { s.Linux = nil; s.Windows = &specs.Windows{} }), []string{"windows"}},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCaller(t)
			c.refused(c.bundle(test.change), test.want...)
		})
	}
}

func TestARootfsThatIsASymlinkIsRefused(t *testing.T) {
	c := newCaller(t)
	dir := c.bundle(func(s *specs.Spec) { s.Root.Path = "link" })
	if err := os.Symlink("rootfs", dir+"/link"); err != nil {
		t.Fatal(err)
	}
	c.refused(dir, "link", "symlink")
}

func TestBadIds(t *testing.T) {
	c := newCaller(t)
	dir := c.bundle()
	for _, id := range []string{"", ".", "..", "a/b", "/", "../x", "a b", "a\nb", "ä", "a:b", strings.Repeat("x", 1025)} {
		for _, words := range [][]string{{"create", "-b", dir, id}, {"run", "-b", dir, id}, {"state", id}, {"delete", "-f", id}, {"start", id}, {"kill", id}} {
			r := c.urun(words...)
			if words[0] == "delete" && r.code == 0 { // somebody who forces does not care
				continue
			}
			r.refuses(1, "id")
		}
	}
	c.nothingLeft()
	if _, err := os.Stat(c.runtimeDir); err != nil {
		t.Error(err)
	}
}

func TestTheLongestIdWorks(t *testing.T) {
	// A name in a file system may have 255 bytes; what is longer must be refused in words or work.
	c := newCaller(t)
	id := c.id + strings.Repeat("x", 255-len(c.id))
	c.urun("run", "-b", c.bundle(inside("print ok")), id).exits(0).prints("ok")
	id += "y"
	if r := c.urun("run", "-b", c.bundle(inside("print ok")), id); r.code != 0 {
		r.refuses(1, "id")
	}
	c.nothingLeft()
}

func TestBadSignals(t *testing.T) {
	c := sleeper(t)
	for _, signal := range []string{"NOSUCH", "0x9", "65", "9999999999", "SIG", "", "TERM KILL"} {
		c.urun("kill", c.id, signal).refuses(1, "signal")
	}
	if s := c.state(c.id); s.Status != specs.StateRunning {
		t.Errorf("it is %s", s.Status)
	}
}

func TestUsageErrorsExitOne(t *testing.T) {
	c := newCaller(t)
	for _, line := range []string{"fly", "run", "run --nonsense x", "--nonsense", "state", "state a b", "create --preserve-fds many x", "list -f yaml", "kill", "ps -f yaml x"} {
		r := c.urun(strings.Fields(line)...)
		if r.code != 1 || r.stderr == "" {
			t.Errorf("want exit code 1 and a word on stderr\n%s", r)
		}
	}
}

func TestAHugeAnnotationIsFine(t *testing.T) {
	c := newCaller(t)
	c.run(inside("print ok"), func(s *specs.Spec) { s.Annotations = map[string]string{"big": strings.Repeat("x", 1<<20)} }).exits(0).prints("ok")
}

func TestSpecRefusesToOverwrite(t *testing.T) {
	c := newCaller(t)
	dir := c.bundle()
	before := readFile(t, dir+"/config.json")
	c.urun("spec", "-b", dir).refuses(1, "config.json", "exist")
	if readFile(t, dir+"/config.json") != before {
		t.Error("it did overwrite")
	}
}

func TestMountsThatTheKernelRefusesHaveAnAddress(t *testing.T) {
	c := newCaller(t)
	dir := c.bundle(mounted(specs.Mount{Destination: "/x", Type: "ext4", Source: "/dev/null"}))
	last := len(readSpec(t, dir).Mounts) - 1
	r := c.urun("run", "-b", dir, c.id).refuses(1, fmt.Sprintf("mounts[%d]: step ", last), "mount", "/x", c.id)
	if !strings.Contains(r.stderr, "step ") {
		t.Errorf("the error has no step\n%s", r)
	}
	dir = c.bundle(mounted(specs.Mount{Destination: "/x", Type: "tmpsf", Source: "none"}))
	c.urun("run", "-b", dir, c.id).refuses(1, "no such device", `no file system "tmpsf"`)
	dir = c.bundle(mounted(bind("/no/where", "/x", "bind")))
	c.urun("run", "-b", dir, c.id).refuses(1, "bind /no/where on /x", "no such file or directory", "is there a /no/where on the host?")
	c.nothingLeft()
}
