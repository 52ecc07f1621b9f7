package test

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
)

// ownUrun makes the caller use a copy of urun that it may write itself, as many have it in ~/bin.
func ownUrun(c *caller) (path string, unchanged func()) {
	c.t.Helper()
	path = filepath.Join(c.dir, "bin", "urun")
	program, err := os.ReadFile(urunPath)
	if err == nil {
		err = os.MkdirAll(filepath.Dir(path), 0o755)
	}
	if err == nil {
		err = os.WriteFile(path, program, 0o755)
	}
	if err != nil {
		c.t.Fatal(err)
	}
	want := sha256.Sum256(program)
	return path, func() {
		c.t.Helper()
		if got := sha256.Sum256([]byte(readFile(c.t, path))); got != want {
			c.t.Error("the container has overwritten urun")
		}
	}
}

// with runs one command with that copy.
func (c *caller) with(urun string, args ...string) *live {
	c.t.Helper()
	return c.launchCommand(nil, append([]string{urun}, args...)...)
}

// mayTrace gives the container the capability to look into its own processes.
func mayTrace(s *specs.Spec) {
	p := s.Process.Capabilities
	p.Bounding = append(p.Bounding, "CAP_SYS_PTRACE")
	p.Permitted, p.Effective = p.Bounding, p.Bounding
}

// CVE-2019-5736: the entry point leads back to the runtime's own program.
func TestTheRuntimesProgramCannotBeReachedAsInterpreter(t *testing.T) {
	c := newCaller(t)
	urun, unchanged := ownUrun(c)
	dir := c.bundle(args("/entry", "--version"))
	writeFile(t, dir+"/rootfs/entry", "#!/proc/self/exe\n")
	if err := os.Chmod(dir+"/rootfs/entry", 0o755); err != nil {
		t.Fatal(err)
	}
	r := c.with(urun, "run", "-b", dir, c.id).wait()
	if r.code == 0 {
		t.Errorf("the entry point has run\n%s", r)
	}
	unchanged()
	c.nothingLeft()
}

// CVE-2019-5736 again: a process inside waits for the runtime and opens its program for writing.
func TestTheRuntimesProgramCannotBeOverwrittenDuringExec(t *testing.T) {
	c := newCaller(t)
	urun, unchanged := ownUrun(c)
	dir := c.bundle(inside("overwrite"), mayTrace)
	writeFile(t, dir+"/rootfs/entry", "#!/proc/self/exe\n")
	if err := os.Chmod(dir+"/rootfs/entry", 0o755); err != nil {
		t.Fatal(err)
	}
	l := c.with(urun, "run", "-b", dir, c.id)
	l.expect("ready")
	for range 40 {
		c.with(urun, "exec", c.id, "/entry").wait()
		c.with(urun, "exec", c.id, "/inside", "print", "ok").wait().exits(0)
	}
	c.must("kill", c.id, "KILL")
	if r := l.wait(); strings.Contains(r.stdout, "overwrote") {
		t.Errorf("%s", r)
	}
	unchanged()
}

// CVE-2016-9962, CVE-2024-21626: a process that enters shows nothing of the host.
func TestEnteringProcessesShowNothingOfTheHost(t *testing.T) {
	c := newCaller(t)
	dir := c.bundle(inside("foreign-fds /stop"), mayTrace)
	l := c.launch(nil, "run", "-b", dir, c.id)
	l.expect("ready")
	for range 60 {
		c.must("exec", c.id, "/inside", "cwd")
	}
	c.must("exec", c.id, "/inside", "touch", "/stop")
	l.wait().exits(0).prints("ready", "watched")
}

// A waiting container is still a copy of urun, with the environment of its caller: nobody gets at it, neither from the host nor
// from inside, where exec may have put somebody beside it (CVE-2016-9962, CVE-2019-5736).
func TestAWaitingContainerIsClosed(t *testing.T) {
	c := newCaller(t)
	c.created(inside("forever"), mayTrace)
	for _, what := range []string{"environ", "maps", "auxv", "mem"} {
		c.exec("", "cat /proc/1/"+what).exits(1).complains("denied")
	}
	for _, link := range []string{"exe", "cwd", "root", "ns/mnt", "fd/0"} {
		c.exec("", "readlink /proc/1/"+link).exits(1).complains("denied")
	}
	c.exec("", "trace 1").exits(1).complains("not permitted")
	proc := fmt.Sprintf("/proc/%d/", c.state(c.id).Pid)
	if _, err := os.ReadFile(proc + "environ"); !errors.Is(err, os.ErrPermission) {
		t.Errorf("environ of the waiting process: %v, want permission denied", err)
	}
	if exe, err := os.Readlink(proc + "exe"); !errors.Is(err, os.ErrPermission) {
		t.Errorf("exe of the waiting process: %q, %v, want permission denied", exe, err)
	}
}

// The command line of a process is open to everybody: that of urun, with paths of the host in it, is gone.
func TestAWaitingContainerHasNoCommandLineOfItsCallers(t *testing.T) {
	c := newCaller(t)
	c.created(inside("forever"))
	r := c.exec("", "cat /proc/1/cmdline").exits(0)
	if got := strings.TrimRight(r.stdout, "\x00"); got != "urun:init" {
		t.Errorf("it is %q", got)
	}
}

// startContainer hooks are programs of the rootfs, which is not trusted, and run beside a process that is a copy of urun.
func TestAHookOfTheContainerDoesNotGetAtItsCaller(t *testing.T) {
	for words, want := range map[string]string{"cat /proc/1/environ": "denied", "readlink /proc/1/exe": "denied", "trace 1": "not permitted"} {
		c := newCaller(t)
		c.run(inside("print ran"), hookOf("startContainer", within(words))).refuses(1, "startContainer", want)
		c.created(inside("forever"), hookOf("startContainer", within(words)))
		c.urun("start", c.id).refuses(1, "startContainer", want)
		c.nothingLeft()
	}
}

// Nor does such a hook keep a descriptor of what let it in.
func TestAHookOfTheContainerHasNoDescriptorsOfItsCaller(t *testing.T) {
	r := newCaller(t).run(inside("print ran"), hookOf("startContainer", within("fds -- exit 3"))).refuses(1, "exit status 3")
	if _, said, _ := strings.Cut(r.stderr, "exit status 3"); strings.Trim(said, ":;\n ") != "0; 1; 2" {
		t.Errorf("its descriptors are %q", said)
	}
}

// CVE-2024-21626: a working directory reached through a descriptor of the host.
func TestWorkingDirectoryThroughADescriptorIsRefused(t *testing.T) {
	c := newCaller(t)
	host, err := os.Open("/")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = host.Close() }()
	leak := func(cmd *exec.Cmd) { cmd.ExtraFiles = []*os.File{host, host, host, host} }
	for n := 3; n < 24; n++ {
		path := fmt.Sprintf("/proc/self/fd/%d", n)
		dir := c.bundle(inside("cwd"), process(func(p *specs.Process) { p.Cwd = path }))
		c.launch(leak, "run", "-b", dir, c.id).wait().refuses(1, path)
	}
	dir := c.bundle(inside("cwd"), process(func(p *specs.Process) { p.Cwd = "/link" }))
	if err := os.Symlink("/proc/self/fd/3", dir+"/rootfs/link"); err != nil {
		t.Fatal(err)
	}
	c.launch(leak, "run", "-b", dir, c.id).wait().refuses(1, "/link")
	c.nothingLeft()
}

func TestExecWorkingDirectoryThroughADescriptorIsRefused(t *testing.T) {
	c := sleeper(t)
	host, err := os.Open("/")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = host.Close() }()
	leak := func(cmd *exec.Cmd) { cmd.ExtraFiles = []*os.File{host, host, host, host} }
	for n := 3; n < 24; n++ {
		c.launch(leak, "exec", "--cwd", fmt.Sprintf("/proc/self/fd/%d", n), c.id, "/inside", "cwd").wait().refuses(255)
	}
}

// CVE-2023-25809: cgroups of the host are not writable.
func TestCgroupsOfTheHostAreNotWritable(t *testing.T) {
	newCaller(t).run(inside("cgroup-write")).exits(0).prints("writable cgroups: 0")
}

// CVE-2017-5226: nothing typed from inside arrives at the caller's terminal.
func TestTheContainerCannotTypeForTheCaller(t *testing.T) {
	c, tm := newCaller(t), newTerminal(t, 24, 80)
	l := tm.launch(c, "run", "-b", c.bundle(inside("tiocsti evil")), c.id)
	l.wait().exits(1)
	shows(t, tm.screen, "tiocsti evil:")
	if strings.Contains(tm.screen.String(), "pushed") {
		t.Errorf("terminal: %q", tm.screen.String())
	}
}

// CVE-2020-15257: abstract sockets of the host are out of reach with a network namespace.
func TestAbstractSocketsOfTheHostAreOutOfReach(t *testing.T) {
	c := newCaller(t)
	l, err := net.Listen("unix", "@"+c.id)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	c.run(namespace(specs.NetworkNamespace, ""), inside("abstract "+c.id)).exits(1).complains("connection refused")
}

// CVE-2014-8989: groups cannot be dropped where they may deny something.
func TestSetgroupsIsDeniedWithASingleMap(t *testing.T) {
	newCaller(t).run(singleMap, inside("setgroups")).exits(0).prints("deny")
}

func TestTheSessionKeyringIsNew(t *testing.T) {
	c := newCaller(t)
	mine := c.launchCommand(nil, insidePath, "keyring").wait().exits(0).stdout
	r := c.run(unfiltered, inside("keyring")).exits(0)
	if r.stdout == mine {
		t.Errorf("it is the caller's, %s\n%s", mine, r)
	}
}

// CVE-2025-31133: the mask of a file must not be something the rootfs chose.
func TestMasksAreOfTheHostsDevNull(t *testing.T) {
	c := newCaller(t)
	dir := c.bundle(withoutMount("/dev"), withoutMount("/dev/pts"), withoutMount("/dev/shm"), withoutMount("/dev/mqueue"),
		inside("cat /secret"), func(s *specs.Spec) { s.Linux.MaskedPaths = []string{"/secret"} })
	writeFile(t, dir+"/rootfs/secret", "secret\n")
	writeFile(t, dir+"/rootfs/dev/evil", "evil\n")
	if err := os.Symlink("evil", dir+"/rootfs/dev/null"); err != nil {
		t.Fatal(err)
	}
	if r := c.urun("run", "-b", dir, c.id); strings.Contains(r.stdout, "secret") || strings.Contains(r.stdout, "evil") {
		t.Errorf("%s", r)
	}
}

// Labels and sysctls must not be written into a /proc that the config or rootfs made up (CVE-2019-16884, CVE-2025-52881).
func TestSysctlIsNotWrittenIntoAFakeProc(t *testing.T) {
	c := newCaller(t)
	fake := filepath.Join(c.dir, "fake")
	writeFile(t, fake+"/sys/net/ipv4/ip_forward", "0")
	dir := c.bundle(withoutMount("/proc"), mounted(bind(fake, "/proc")), namespace(specs.NetworkNamespace, ""), inside("print ok"),
		func(s *specs.Spec) { s.Linux.Sysctl = map[string]string{"net.ipv4.ip_forward": "1"} })
	c.urun("run", "-b", dir, c.id)
	if got := readFile(t, fake+"/sys/net/ipv4/ip_forward"); got != "0" {
		t.Errorf("the value went into a file of the host: %q", got)
	}
}
