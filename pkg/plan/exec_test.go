package plan_test

import (
	"strings"
	"testing"

	specs "github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/idmap"
	"github.com/urun/urun/pkg/plan"
)

// target is a running container with a range of ids.
func target() plan.Target {
	m := idmap.Full(1000, ranges)
	return plan.Target{ID: "web", Own: unix.CLONE_NEWUSER | unix.CLONE_NEWNS | unix.CLONE_NEWPID, UIDMap: m, GIDMap: m}
}

func TestExecPlans(t *testing.T) {
	one := target()
	one.UIDMap, one.GIDMap = idmap.One(0, 1000), idmap.One(0, 1000)
	user := specs.User{UID: 5, GID: 6, AdditionalGids: []uint32{7}}
	for name, tc := range map[string]struct {
		p      specs.Process
		target plan.Target
		host   string
	}{
		"exec.root":     {specs.Process{Args: []string{"sh"}, Cwd: "/"}, target(), "full"},
		"exec.user":     {specs.Process{Args: []string{"/bin/sh"}, Cwd: "/tmp", User: user, NoNewPrivileges: true}, target(), "pipes"},
		"exec.terminal": {specs.Process{Args: []string{"sh"}, Cwd: "/", Terminal: true, User: user}, target(), "full"},
		"exec.single":   {specs.Process{Args: []string{"sh"}, Cwd: "/"}, one, "single"},
	} {
		t.Run(name, func(t *testing.T) {
			opt := options()
			opt.Rows, opt.Cols = 24, 80
			p, err := plan.CompileExec(&tc.p, tc.target, hosts[tc.host], opt)
			if err != nil {
				t.Fatal(err)
			}
			links(t, p)
			golden(t, name+".txt", p.String())
		})
	}
}

func TestExecRefused(t *testing.T) {
	one := target()
	one.UIDMap, one.GIDMap = idmap.One(0, 1000), idmap.One(0, 1000)
	ok := specs.Process{Args: []string{"sh"}, Cwd: "/"}
	for want, tc := range map[string]struct {
		set    func(*specs.Process)
		target plan.Target
	}{
		"process.args: must not be empty":                                                  {func(p *specs.Process) { p.Args = nil }, target()},
		`process.cwd: "x" is not an absolute path`:                                         {func(p *specs.Process) { p.Cwd = "x" }, target()},
		`process.selinuxLabel: "x" cannot be applied: SELinux is not enabled on this host`: {func(p *specs.Process) { p.SelinuxLabel = "x" }, target()},
		"process.user.uid: 5 is not mapped in the container (0:1000:1)":                    {func(p *specs.Process) { p.User.UID = 5 }, one},
		"process.user.gid: 5 is not mapped in the container (0:1000:1)":                    {func(p *specs.Process) { p.User.GID = 5 }, one},
		"process.user.additionalGids: with one id mapped the kernel allows no change of groups (setgroups is denied)": {
			func(p *specs.Process) { p.User.AdditionalGids = []uint32{0} }, one},
		"process.rlimits[0]: soft limit 1 is above the hard limit 0": {
			func(p *specs.Process) { p.Rlimits = []specs.POSIXRlimit{{Type: "RLIMIT_CPU", Soft: 1}} }, target()},
	} {
		p := ok
		tc.set(&p)
		if _, err := plan.CompileExec(&p, tc.target, hosts["full"], options()); err == nil || err.Error() != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

func TestUnsharePlans(t *testing.T) {
	for host, want := range map[string]string{
		"full": "close what is not for the container\n  2  wait for id maps", "single": "close what is not for the container\n  2  map ids: uid 0:1000:1, gid 0:1000:1",
	} {
		p, err := plan.CompileUnshare([]string{"id", "-u"}, []string{"PATH=/bin"}, hosts[host])
		if err != nil {
			t.Fatal(err)
		}
		links(t, p)
		if text := p.String(); !strings.Contains(text, want) || !strings.Contains(text, `exec "id" "-u"`) {
			t.Errorf("%s:\n%s", host, text)
		}
	}
}
