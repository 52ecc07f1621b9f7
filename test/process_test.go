package test

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
)

func process(set func(p *specs.Process)) change { return func(s *specs.Spec) { set(s.Process) } }

func TestCapabilitiesAllFiveSets(t *testing.T) {
	sets := &specs.LinuxCapabilities{
		Bounding: []string{"CAP_CHOWN", "CAP_KILL", "CAP_SETUID"}, Permitted: []string{"CAP_CHOWN", "CAP_KILL"},
		Effective: []string{"CAP_KILL"}, Inheritable: []string{"CAP_CHOWN", "CAP_KILL"}, Ambient: []string{"CAP_CHOWN"},
	}
	// As an ordinary user exec keeps the ambient set only; as root it gives the whole bounding set.
	c := newCaller(t)
	c.run(user(1, 1), process(func(p *specs.Process) { p.Capabilities = sets }), inside("caps")).exits(0).prints(
		"CapInh=0000000000000021", "CapPrm=0000000000000001", "CapEff=0000000000000001", "CapBnd=00000000000000a1", "CapAmb=0000000000000001")
	c.run(process(func(p *specs.Process) { p.Capabilities = sets }), inside("caps CapBnd -- caps CapInh")).exits(0).
		prints("CapBnd=00000000000000a1", "CapInh=0000000000000021")
}

func TestNoCapabilitiesMeansNone(t *testing.T) {
	newCaller(t).run(process(func(p *specs.Process) { p.Capabilities = nil }), inside("caps CapEff -- caps CapBnd")).
		exits(0).prints("CapEff=0000000000000000", "CapBnd=0000000000000000")
}

func TestInheritableCapabilitiesAreEmptyByDefault(t *testing.T) {
	newCaller(t).run(inside("caps CapInh")).exits(0).prints("CapInh=0000000000000000")
}

// TestCapabilitiesThatTheKernelDoesNotGrant: a config that asks for them runs without, as the specification wants.
func TestCapabilitiesThatTheKernelDoesNotGrant(t *testing.T) {
	newCaller(t).run(process(func(p *specs.Process) {
		p.Capabilities = &specs.LinuxCapabilities{
			Bounding: []string{"CAP_KILL"}, Permitted: []string{"CAP_KILL"},
			Effective: []string{"CAP_KILL", "CAP_CHOWN"}, Inheritable: []string{"CAP_KILL", "CAP_CHOWN"},
		}
	}), inside("caps CapEff -- caps CapInh")).exits(0).prints("CapEff=0000000000000020", "CapInh=0000000000000020").
		complains("URUN-CAP-003", "process.capabilities.effective", "process.capabilities.inheritable")
}

func TestUnknownCapabilityIsAWarning(t *testing.T) {
	c := newCaller(t)
	c.run(process(func(p *specs.Process) { p.Capabilities.Bounding = append(p.Capabilities.Bounding, "CAP_FLY") }), inside("print ok")).
		exits(0).prints("ok").complains("CAP_FLY")
}

func TestRlimits(t *testing.T) {
	limits := []specs.POSIXRlimit{{Type: "RLIMIT_CORE", Soft: 0, Hard: 0}, {Type: "RLIMIT_FSIZE", Soft: 1 << 20, Hard: 1 << 21}, {Type: "RLIMIT_NOFILE", Soft: 100, Hard: 100}}
	c := newCaller(t)
	c.run(process(func(p *specs.Process) { p.Rlimits = limits }), inside("rlimit Max core file size -- rlimit Max file size -- rlimit Max open files")).
		exits(0).prints("0 0", "1048576 2097152", "100 100")
	c.run(process(func(p *specs.Process) { p.Rlimits = []specs.POSIXRlimit{{Type: "RLIMIT_WINGS"}} })).refuses(1, "RLIMIT_WINGS")
	c.run(process(func(p *specs.Process) {
		p.Rlimits = []specs.POSIXRlimit{{Type: "RLIMIT_CORE"}, {Type: "RLIMIT_CORE"}}
	})).refuses(1, "RLIMIT_CORE")
}

// TestNoOpenFiles: the limit is set at the last moment, so that a hook, exec and start still find their way in before.
func TestNoOpenFiles(t *testing.T) {
	c := newCaller(t)
	none := process(func(p *specs.Process) { p.Rlimits = []specs.POSIXRlimit{{Type: "RLIMIT_NOFILE"}} })
	hook := hooks(specs.Hooks{StartContainer: []specs.Hook{{Path: "/inside", Args: []string{"inside", "print", "hooked"}}}})
	id := c.created(none, hook, inside("forever"))
	c.exec("", "print there").exits(0).prints("there")
	c.must("start", id)
	c.becomes(id, "running")
	c.exec("", "print and there").exits(0).prints("and there")
	newCaller(t).run(none, hook, inside("print here")).exits(0).prints("here")
}

func TestUmask(t *testing.T) {
	c := newCaller(t)
	c.run(inside("umask")).exits(0).prints("0022")
	mask := uint32(0o027)
	c.run(process(func(p *specs.Process) { p.User.Umask = &mask }), inside("umask")).exits(0).prints("0027")
}

func TestNoNewPrivileges(t *testing.T) {
	c := newCaller(t)
	c.run(process(func(p *specs.Process) { p.NoNewPrivileges = true }), inside("nnp")).exits(0).prints("1")
	c.run(process(func(p *specs.Process) { p.NoNewPrivileges = false }), inside("nnp")).exits(0).prints("0")
}

func TestOOMScoreMayBeRaised(t *testing.T) {
	score := 500
	newCaller(t).run(process(func(p *specs.Process) { p.OOMScoreAdj = &score }), inside("oomadj")).exits(0).prints("500")
}

func TestHostnameAndDomainname(t *testing.T) {
	c := newCaller(t)
	c.run(func(s *specs.Spec) { s.Hostname, s.Domainname = "box", "example.org" }, inside("hostname -- domainname")).exits(0).prints("box", "example.org")
	c.run(withoutNamespace(specs.UTSNamespace), func(s *specs.Spec) { s.Hostname = "box" }).refuses(1, "hostname", "uts")
}

func TestSysctl(t *testing.T) {
	c := newCaller(t)
	set := func(key, value string) change {
		return func(s *specs.Spec) { s.Linux.Sysctl = map[string]string{key: value} }
	}
	c.run(namespace(specs.NetworkNamespace, ""), set("net.ipv4.ip_forward", "1"), inside("sysctl net.ipv4.ip_forward")).exits(0).prints("1")
	c.run(set("kernel.shm_rmid_forced", "1"), inside("sysctl kernel.shm_rmid_forced")).exits(0).prints("1")
	c.run(set("vm.swappiness", "1")).refuses(1, "vm.swappiness")
	c.run(set("kernel.../../x", "1")).refuses(1, "kernel.")
}

// TestPingGroupRange: all groups, as engines write it, are those that the container has.
func TestPingGroupRange(t *testing.T) {
	all := func(s *specs.Spec) { s.Linux.Sysctl = map[string]string{"net.ipv4.ping_group_range": "0 2147483647"} }
	ask := inside("cat /proc/sys/net/ipv4/ping_group_range")
	newCaller(t).run(namespace(specs.NetworkNamespace, ""), singleMap, all, ask).exits(0).prints("0\t0").complains("URUN-SYS-001", "0 0")
	c := newCaller(t)
	c.flags = []string{"--strict"}
	c.refused(c.bundle(namespace(specs.NetworkNamespace, ""), all), "URUN-SYS-001")
}

func TestNetworkNamespaceHasLoUp(t *testing.T) {
	newCaller(t).run(namespace(specs.NetworkNamespace, ""), inside("ifaces -- lo")).exits(0).mentions("lo\n", "lo is up")
}

func TestHostNetworkWhereNoNamespaceIsAsked(t *testing.T) {
	mine, err := os.Readlink("/proc/self/ns/net")
	if err != nil {
		t.Fatal(err)
	}
	newCaller(t).run(withoutNamespace(specs.NetworkNamespace), withoutMount("/sys"), inside("ns net")).exits(0).prints(mine)
}

func TestTimeNamespace(t *testing.T) {
	mine, err := os.Readlink("/proc/self/ns/time")
	if err != nil {
		t.Fatal(err)
	}
	r := newCaller(t).run(namespace(specs.TimeNamespace, ""), inside("ns time")).exits(0).mentions("time:[")
	if strings.TrimSpace(r.stdout) == mine {
		t.Errorf("it is the caller's, %s\n%s", mine, r)
	}
}

func TestNamespacesMayBeJoinedByPath(t *testing.T) {
	c := newCaller(t)
	id := c.detached(inside("forever"), func(s *specs.Spec) { s.Hostname = "first" })
	ns := func(kind string) string { return "/proc/" + pidOf(c, id) + "/ns/" + kind }
	want, err := os.Readlink(ns("uts"))
	if err != nil {
		t.Fatal(err)
	}
	dir := c.bundle(inside("hostname -- ns uts"), func(s *specs.Spec) { s.Hostname, s.Linux.UIDMappings, s.Linux.GIDMappings = "", nil, nil },
		namespace(specs.UserNamespace, ns("user")), namespace(specs.UTSNamespace, ns("uts")))
	c.urun("run", "-b", dir, id+"-second").exits(0).prints("first", want)
	dir = c.bundle(namespace(specs.UTSNamespace, "/nowhere"))
	c.urun("run", "-b", dir, id+"-third").refuses(1, "/nowhere")
}

func TestEnvironmentIsTheConfigsAlone(t *testing.T) {
	r := newCaller(t).run(process(func(p *specs.Process) { p.Env = []string{"PATH=/bin", "K=v", "EMPTY="} }), inside("env")).exits(0)
	for line := range strings.Lines(r.stdout) {
		if name, _, _ := strings.Cut(line, "="); !strings.Contains(" PATH K EMPTY HOME ", " "+name+" ") {
			t.Errorf("%q is not of the config\n%s", line, r)
		}
	}
	r.mentions("K=v\n", "EMPTY=\n")
}

func TestCommandIsFoundInTheContainersPath(t *testing.T) {
	c := newCaller(t)
	c.run(args("inside", "print", "found"), process(func(p *specs.Process) { p.Env = []string{"PATH=/nowhere:/bin"} })).exits(0).prints("found")
	c.run(args("foo")).refuses(1, `exec: "foo": executable file not found in $PATH`)
	c.run(args("/bin")).refuses(1, "/bin", "permission denied")
	c.nothingLeft()
}

func TestStandardDescriptorsOnly(t *testing.T) {
	c := newCaller(t)
	given, err := os.Open("/dev/null")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = given.Close() }()
	extra := func(cmd *exec.Cmd) { cmd.ExtraFiles = []*os.File{given, given, given} }
	dir := c.bundle(inside("fds"))
	c.launch(extra, "run", "-b", dir, c.id).wait().exits(0).prints("0", "1", "2")
	c.launch(extra, "run", "--preserve-fds", "2", "-b", dir, c.id).wait().exits(0).prints("0", "1", "2", "3", "4")
}

func TestPreservedDescriptorsSurviveCreateAndStart(t *testing.T) {
	c := newCaller(t)
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.WriteString("through the pipe"); err != nil {
		t.Fatal(err)
	}
	_ = w.Close()
	out := c.dir + "/out"
	f, err := os.Create(out)
	if err != nil {
		t.Fatal(err)
	}
	dir := c.bundle(inside("readfd 3"))
	c.launch(func(cmd *exec.Cmd) { cmd.ExtraFiles, cmd.Stdout = []*os.File{r}, f }, "create", "--preserve-fds", "1", "-b", dir, c.id).wait().exits(0)
	_, _ = r.Close(), f.Close()
	c.must("start", c.id)
	c.becomes(c.id, specs.StateStopped)
	if got := readFile(t, out); got != "through the pipe\n" {
		t.Errorf("descriptor 3 gave %q", got)
	}
	c.must("delete", c.id)
}

func TestWorkingDirectory(t *testing.T) {
	c := newCaller(t)
	cwd := func(dir string) change { return process(func(p *specs.Process) { p.Cwd = dir }) }
	c.run(cwd("/bin"), inside("cwd")).exits(0).prints("/bin")
	c.run(cwd("/missing/dir"), readonlyRoot(true), inside("cwd")).refuses(1, "/missing/dir")
	c.run(cwd("relative"), inside("cwd")).refuses(1, "relative", "absolute")
	c.nothingLeft()
}

func TestSignalsAreAsFreshInside(t *testing.T) {
	newCaller(t).run(inside("signalmask")).exits(0).prints("blocked=0000000000000000 ignored=0000000000000000")
}

// TestIgnoredSignalsAreAsFreshInside: what the caller ignores, as nohup does, is not ignored inside.
func TestIgnoredSignalsAreAsFreshInside(t *testing.T) {
	c := newCaller(t)
	deaf := func(cmd *exec.Cmd) {
		cmd.Args = append([]string{"sh", "-c", `trap "" 1 2 3 10 12 13 14 15 17 18 20 21 22 28 29 34 40 64; exec "$0" "$@"`}, cmd.Args...)
		cmd.Path = "/bin/sh"
	}
	c.launch(deaf, "run", "-b", c.bundle(inside("signalmask")), c.id).wait().exits(0).
		prints("blocked=0000000000000000 ignored=0000000000000000")
}

func TestTheProcessLeadsASessionOfItsOwn(t *testing.T) {
	newCaller(t).run(inside("sid")).exits(0).prints("pid=1 pgid=1 sid=1")
}

func pidOf(c *caller, id string) string {
	c.t.Helper()
	return fmt.Sprint(c.state(id).Pid)
}
