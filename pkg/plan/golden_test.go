package plan_test

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	specs "github.com/opencontainers/runtime-spec/specs-go"

	"github.com/urun/urun/pkg/idmap"
	"github.com/urun/urun/pkg/plan"
)

var update = flag.Bool("update", false, "write the golden files anew")

var ranges = []idmap.Range{{Start: 100000, Count: 65536}}

// hosts are the machines and callers of the goldens.
var hosts = map[string]plan.Host{
	"full":     {UID: 1000, GID: 1000, SubUIDs: ranges, SubGIDs: ranges, SubIDSource: "/etc/subuid", LastCap: 40, CgroupV2: true},
	"single":   {UID: 1000, GID: 1000, LastCap: 40},
	"nohelper": {UID: 1000, GID: 1000, SubUIDs: ranges, SubGIDs: ranges, HelperTrouble: "newuidmap is not installed", LastCap: 40, CgroupV2: true},
	"nested":   {UID: 0, GID: 0, Nested: true, SysAdmin: true, SetIDs: true, LastCap: 40, CgroupV2: true},
	"root":     {UID: 0, GID: 0, SetIDs: true, SysAdmin: true, SubUIDs: ranges, SubGIDs: ranges, LastCap: 37},
	"labels":   {UID: 1000, GID: 1000, SubUIDs: ranges, SubGIDs: ranges, LastCap: 40, AppArmor: true, SELinux: true},
	"systemd": {UID: 1000, GID: 1000, SubUIDs: ranges, SubGIDs: ranges, LastCap: 40, CgroupV2: true, Cgroups: plan.Cgroups{
		Systemd: true, Controllers: []string{"cpu", "memory", "pids"}, NoOwn: "the caller's cgroup /user.slice belongs to somebody else"}},
	"delegate": {UID: 1000, GID: 1000, SubUIDs: ranges, SubGIDs: ranges, LastCap: 40, CgroupV2: true, Cgroups: plan.Cgroups{
		NoSystemd: "no systemd runs for this user", Own: "/ci.slice/job.service", OwnControllers: []string{"cpu", "cpuset", "io", "memory", "pids"}}},
	"hybrid": {UID: 1000, GID: 1000, SubUIDs: ranges, SubGIDs: ranges, LastCap: 40, Cgroups: plan.Cgroups{
		NoSystemd: "no cgroup version 2 is mounted here", NoOwn: "no cgroup version 2 is mounted here"}},
	"alone": {UID: 1000, GID: 1000, SubUIDs: ranges, SubGIDs: ranges, LastCap: 40, NoMonitor: "urun-monitor is not beside urun", Cgroups: plan.Cgroups{
		NoSystemd: "no cgroup version 2 is mounted here", NoOwn: "no cgroup version 2 is mounted here"}},
	"pipes": {UID: 1000, GID: 1000, SubUIDs: ranges, SubGIDs: ranges, LastCap: 40, PipeStdio: [3]bool{false, true, true}},
}

func options() plan.Options {
	return plan.Options{ID: "web", Bundle: "/srv/bundle", Home: "/root"}
}

// config reads testdata/NAME.json.
func config(t *testing.T, name string) *specs.Spec {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	spec := &specs.Spec{}
	if err := json.Unmarshal(raw, spec); err != nil {
		t.Fatal(err)
	}
	return spec
}

// golden compares got with testdata/name.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs (go test -update writes it anew; git diff shows what changed); got:\n%s", path, got)
	}
}

// goldens says for which hosts a config is compiled. Two files of one config side by side show what a host makes of it.
var goldens = map[string][]string{
	"usual":      {"full", "single", "nohelper", "nested", "root"},
	"user":       {"full", "single", "nohelper", "root", "pipes"},
	"mounts":     {"full", "single", "nested"},
	"joins":      {"full"},
	"attributes": {"labels"},
	"limits":     {"systemd", "delegate", "hybrid", "alone"},
}

func TestPlans(t *testing.T) {
	for name, list := range goldens {
		for _, host := range list {
			t.Run(name+"/"+host, func(t *testing.T) {
				p, err := plan.Compile(config(t, name), hosts[host], options())
				text := p.String()
				if err != nil {
					text = "refused: " + err.Error() + "\n"
				}
				for _, n := range p.Late {
					text += "perhaps " + n.String() + "\n"
				}
				golden(t, name+"."+host+".txt", text)
			})
		}
	}
}

// TestSyscalls: the whole program, for what most people have and for what one always has.
func TestSyscalls(t *testing.T) {
	for _, host := range []string{"full", "single"} {
		p, err := plan.Compile(config(t, "usual"), hosts[host], options())
		if err != nil {
			t.Fatal(err)
		}
		golden(t, "usual."+host+".syscalls.txt", p.Syscalls())
	}
}

// TestOptions: what the caller says beside the config.
func TestOptions(t *testing.T) {
	for name, tc := range map[string]struct {
		set      func(*plan.Options)
		has, not string
	}{
		"wait":       {func(o *plan.Options) { o.Wait = true }, "wait for start", ""},
		"no wait":    {func(*plan.Options) {}, "pivot into root", "wait for start"},
		"no pivot":   {func(o *plan.Options) { o.NoPivot = true }, "chroot into it", "pivot into root"},
		"keyring":    {func(*plan.Options) {}, "session keyring _ses.web (optional)", ""},
		"no keyring": {func(o *plan.Options) { o.NoNewKeyring = true }, "", "keyring"},
		"bundle":     {func(o *plan.Options) { o.Bundle = "/else" }, "rootfs /else/rootfs\n", ""},
	} {
		t.Run(name, func(t *testing.T) {
			opt := options()
			tc.set(&opt)
			p, err := plan.Compile(config(t, "usual"), hosts["full"], opt)
			if err != nil {
				t.Fatal(err)
			}
			text := p.String()
			if !strings.Contains(text, tc.has) || tc.not != "" && strings.Contains(text, tc.not) {
				t.Errorf("want %q and not %q in:\n%s", tc.has, tc.not, text)
			}
		})
	}
}

// TestHome: a home directory that is known fills in for HOME, and only then.
func TestHome(t *testing.T) {
	for _, tc := range []struct {
		home, want string
		env        []string
	}{
		{"/root", `["A=b", "HOME=/root"]`, []string{"A=b"}},
		{"/root", `["HOME=/x"]`, []string{"HOME=/x"}},
		{"", `["A=b"]`, []string{"A=b"}},
		{"/root", `["HOME=", "A=3", "B=", "AA=1"]`, []string{"A=1", "HOME=", "A=2", "A=3", "B=", "AA=1"}},
	} {
		spec, opt := config(t, "usual"), options()
		spec.Process.Env, opt.Home = tc.env, tc.home
		p, err := plan.Compile(spec, hosts["full"], opt)
		if err != nil {
			t.Fatal(err)
		}
		if text := p.Syscalls(); !strings.Contains(text, tc.want) {
			t.Errorf("environment %q with home %q does not become %s", tc.env, tc.home, tc.want)
		}
	}
}

func TestJSON(t *testing.T) {
	p, err := plan.Compile(config(t, "usual"), hosts["single"], options())
	if err != nil {
		t.Fatal(err)
	}
	b, err := json.MarshalIndent(p, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "usual.single.json.txt", string(b)+"\n")
}

// TestPure: the same arguments give the same plan, and stay as they were.
func TestPure(t *testing.T) {
	for _, name := range []string{"usual", "user", "mounts", "joins"} {
		spec, untouched := config(t, name), config(t, name)
		a, errA := plan.Compile(spec, hosts["full"], options())
		b, errB := plan.Compile(spec, hosts["full"], options())
		if a.String() != b.String() || a.Syscalls() != b.Syscalls() || (errA == nil) != (errB == nil) {
			t.Errorf("%s: the second plan differs from the first", name)
		}
		before, _ := json.Marshal(untouched)
		if after, _ := json.Marshal(spec); string(after) != string(before) {
			t.Errorf("%s: compiling has changed the config:\n%s\n%s", name, before, after)
		}
	}
}
