package test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/opencontainers/runtime-spec/specs-go"
)

// set lays value over the config at a JSON path as leaves has it.
func set(t *testing.T, config map[string]any, path string, value any) {
	t.Helper()
	names := strings.Split(path, ".")
	here := config
	for _, name := range names[:len(names)-1] {
		next := map[string]any{}
		switch name, isArray := strings.CutSuffix(name, "[]"); {
		case isArray:
			here[name] = []any{next}
		default:
			if old, ok := here[name].(map[string]any); ok {
				next = old
			}
			here[name] = next
		}
		here = next
	}
	here[strings.TrimSuffix(names[len(names)-1], "[]")] = value
}

// TestWrongTypes: every key of the specification, given a value of another type, is named by its whole path.
func TestWrongTypes(t *testing.T) {
	c := newCaller(t)
	dir := c.bundle()
	good := readFile(t, dir+"/config.json")
	for _, path := range leaves(reflect.TypeFor[specs.Spec](), "") {
		var config map[string]any
		if err := json.Unmarshal([]byte(good), &config); err != nil {
			t.Fatal(err)
		}
		if under(wholes[5:], path) { // other systems
			continue
		}
		for _, wrong := range []any{map[string]any{"x": []any{}}, []any{[]any{1}}} { // no key has either
			set(t, config, path, wrong)
			raw, err := json.Marshal(config)
			if err != nil {
				t.Fatal(err)
			}
			writeFile(t, dir+"/config.json", string(raw))
			r := c.urun("create", "-b", dir, c.id)
			want := strings.NewReplacer("[]", "[0]", ".*", `["*"]`).Replace(path)
			said := strings.NewReplacer("[0] must be ", " must be ", ".x must be ", " must be ").Replace(r.stderr) // the kind may be right
			want = strings.TrimSuffix(want, "[0]") + " must be "
			if r.code != 1 || !strings.Contains(said, ": "+want) {
				t.Errorf("%s: want exit code 1 and %q\n%s", path, want, r)
			}
		}
	}
	c.nothingLeft()
}

// TestConfigsThatMakeNoSense: values of the right type, with the key that is wrong.
func TestConfigsThatMakeNoSense(t *testing.T) {
	linux := func(f func(*specs.Linux)) change { return func(s *specs.Spec) { f(s.Linux) } }
	second := -1
	for name, test := range map[string]struct {
		change change
		want   string
	}{
		"root is the host's":      {func(s *specs.Spec) { s.Root.Path = strings.Repeat("../", 40) }, "root.path: / is the host's own root"},
		"limit upside down":       {process(func(p *specs.Process) { p.Rlimits = []specs.POSIXRlimit{{Type: "RLIMIT_CPU", Soft: 2, Hard: 1}} }), "process.rlimits[0]: soft limit 2"},
		"console too large":       {process(func(p *specs.Process) { p.ConsoleSize = &specs.Box{Height: 1 << 16} }), "process.consoleSize.height: 65536"},
		"OOM score":               {process(func(p *specs.Process) { n := 1001; p.OOMScoreAdj = &n }), "process.oomScoreAdj: 1001"},
		"unknown policy":          {process(func(p *specs.Process) { p.Scheduler = &specs.Scheduler{Policy: "SCHED_X"} }), `process.scheduler.policy: unknown policy "SCHED_X"`},
		"unknown class":           {process(func(p *specs.Process) { p.IOPriority = &specs.LinuxIOPriority{Class: "X"} }), `process.ioPriority.class: unknown class "X"`},
		"unknown domain":          {linux(func(l *specs.Linux) { l.Personality = &specs.LinuxPersonality{Domain: "X"} }), `linux.personality.domain: unknown domain "X"`},
		"unknown memory mode":     {linux(func(l *specs.Linux) { l.MemoryPolicy = &specs.LinuxMemoryPolicy{Mode: "X"} }), `linux.memoryPolicy.mode: unknown mode "X"`},
		"CPUs":                    {process(func(p *specs.Process) { p.ExecCPUAffinity = &specs.CPUAffinity{Final: "0-"} }), "process.execCPUAffinity.final"},
		"hook path":               {hooks(specs.Hooks{Poststop: []specs.Hook{{Path: "../x"}}}), `hooks.poststop[0].path: "../x"`},
		"hook timeout":            {hooks(specs.Hooks{Poststart: []specs.Hook{{Path: "/x", Timeout: &second}}}), "hooks.poststart[0].timeout: -1"},
		"namespace path":          {namespace(specs.IPCNamespace, "proc/1/ns/ipc"), `.path: "proc/1/ns/ipc" is not an absolute path`},
		"namespace of another":    {namespace(specs.IPCNamespace, "/proc/self/ns/uts"), "/proc/self/ns/uts: not a namespace of the kind"},
		"namespace is a file":     {namespace(specs.IPCNamespace, "/etc/passwd"), "/etc/passwd: not a namespace of the kind"},
		"masked path":             {linux(func(l *specs.Linux) { l.MaskedPaths = []string{"etc"} }), `linux.maskedPaths[0]: "etc"`},
		"read-only path":          {linux(func(l *specs.Linux) { l.ReadonlyPaths = []string{"../etc"} }), `linux.readonlyPaths[0]: "../etc"`},
		"sysctl out of /proc/sys": {linux(func(l *specs.Linux) { l.Sysctl = map[string]string{"net/../../../etc/passwd": "x"} }), "linux.sysctl:"},
		"device path":             {device(specs.LinuxDevice{Path: "null", Type: "c"}), `linux.devices[0].path: "null"`},
		"maps overlap":            {maps(line(0, 1000, 10), line(5, 100000, 10)), "linux.uidMappings: "},
		"maps run over":           {maps(line(4294967290, 1000, 10)), "linux.uidMappings: "},
		"map of size 0":           {maps(line(0, 1000, 0)), "linux.uidMappings: "},
		"two propagations":        {mounted(tmpfs("shared", "private")), ".options[1]: private: a second propagation"},
		"bind of a type":          {mounted(bind("/etc", "/x", "tmpcopyup")), ".options: tmpcopyup is for a tmpfs"},
		"misspelled for a bind":   {mounted(bind("/etc", "/x", "nosiud")), `.options: "nosiud" means nothing for a bind mount`},
		"read-only and not":       {mounted(tmpfs("ro", "rw")), ".options[1]: rw contradicts ro"},
		"mount on the root":       {mounted(specs.Mount{Destination: "/x/..", Type: "tmpfs", Source: "tmpfs"}), ".destination: / is the container's root itself"},
		"empty annotation key":    {func(s *specs.Spec) { s.Annotations = map[string]string{"": "x"} }, "annotations: a key is empty"},
		"clock":                   {linux(func(l *specs.Linux) { l.TimeOffsets = map[string]specs.LinuxTimeOffset{"tai": {}} }), `linux.timeOffsets: unknown clock "tai"`},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCaller(t)
			c.refused(c.bundle(test.change), test.want)
		})
	}
}

// TestEnormousConfigs: what is far too much is refused, or works, in little time and memory.
func TestEnormousConfigs(t *testing.T) {
	const many = 100_000
	const most = 20 * time.Second // many times what it takes
	list := func(f func(i int) string) []string {
		all := make([]string, many)
		for i := range all {
			all[i] = f(i)
		}
		return all
	}
	for name, test := range map[string]struct {
		change change
		want   string // of the refusal; empty: it runs
	}{
		"mounts": {func(s *specs.Spec) {
			for range many {
				s.Mounts = append(s.Mounts, tmpfs())
			}
		}, "too much to set up"},
		"masked paths": {func(s *specs.Spec) { s.Linux.MaskedPaths = list(func(i int) string { return fmt.Sprint("/m", i) }) }, "too much to set up"},
		"namespaces": {func(s *specs.Spec) {
			s.Linux.Namespaces = append(s.Linux.Namespaces, make([]specs.LinuxNamespace, many)...)
		}, "unknown namespace"},
		"id maps": {maps(make([]specs.LinuxIDMapping, many)...), "linux.uidMappings"},
		"limits":  {process(func(p *specs.Process) { p.Rlimits = make([]specs.POSIXRlimit, many) }), "process.rlimits[0].type"},
		"groups":  {process(func(p *specs.Process) { p.User.AdditionalGids = make([]uint32, many) }), "process.user.additionalGids"},
		"CPUs": {process(func(p *specs.Process) {
			p.ExecCPUAffinity = &specs.CPUAffinity{Final: strings.Repeat("0-8191,", many) + "x"}
		}), "process.execCPUAffinity.final: 700001 bytes are more than"},
		"arguments":     {process(func(p *specs.Process) { p.Args = append(p.Args, strings.Repeat("x", 1<<20)) }), "argument list too long"},
		"environment":   {process(func(p *specs.Process) { p.Env = list(func(i int) string { return fmt.Sprintf("V%d=1", i) }) }), "too much to set up"},
		"a lot of it":   {process(func(p *specs.Process) { p.Env = list(func(i int) string { return fmt.Sprintf("V%d=1", i) })[:many/4] }), ""},
		"a long name":   {func(s *specs.Spec) { s.Hostname = strings.Repeat("x", 1<<20) }, "hostname: 1048576 bytes"},
		"a long path":   {mounted(bind("/etc", "/"+strings.Repeat("x/", 1<<19))), ".destination: 1048577 bytes are more than the 4095 of a path"},
		"an annotation": {func(s *specs.Spec) { s.Annotations = map[string]string{"x": strings.Repeat("y", 1<<20)} }, ""},
		"options":       {mounted(tmpfs(list(func(i int) string { return []string{"nosuid", "suid"}[i%2] })...)), ""},
		"capabilities": {process(func(p *specs.Process) {
			p.Capabilities.Bounding = list(func(i int) string { return fmt.Sprintf("CAP_X%d", i) })
		}), ""},
		"device rules": {func(s *specs.Spec) {
			s.Linux.Devices = make([]specs.LinuxDevice, many/10)
			s.Linux.Resources = &specs.LinuxResources{Devices: make([]specs.LinuxDeviceCgroup, many/10)}
		}, "linux.resources.devices: 10000 rules for 10000 devices are too many"},
		"annotations": {func(s *specs.Spec) {
			s.Annotations = map[string]string{}
			for i := range many {
				s.Annotations[fmt.Sprint("k", i)] = "v"
			}
		}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCaller(t)
			dir := c.bundle(inside("print ok"), test.change)
			since := time.Now()
			l := c.launch(nil, "run", "-b", dir, c.id)
			r := l.wait()
			if took := time.Since(since); took > most {
				t.Errorf("it took %v", took)
			}
			usage := l.cmd.ProcessState.SysUsage().(*syscall.Rusage)
			if test.want == "" {
				r.exits(0).prints("ok")
			} else {
				r.refuses(1, test.want)
			}
			if usage.Maxrss > 256<<10 { // KiB; a new process begins with what its parent, this test, has
				t.Errorf("it took %d KiB of memory", usage.Maxrss)
			}
			if len(r.stderr) > 4096 {
				t.Errorf("an error of %d bytes", len(r.stderr))
			}
			c.nothingLeft()
		})
	}
}

// TestDeepJSON: nesting without end is refused by the reader.
func TestDeepJSON(t *testing.T) {
	c := newCaller(t)
	dir := filepath.Join(c.dir, "deep")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"arrays":  `{"ociVersion": "1.0.0", "mounts": ` + strings.Repeat("[", 1<<20),
		"objects": `{"ociVersion": "1.0.0", "unknown": ` + strings.Repeat(`{"a":`, 1<<19),
	} {
		t.Run(name, func(t *testing.T) {
			writeFile(t, dir+"/config.json", text)
			c.refused(dir, "config.json")
		})
	}
}
