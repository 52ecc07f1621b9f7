package test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/opencontainers/runtime-spec/specs-go"
)

// sleeper is a running container to exec into.
func sleeper(t *testing.T, changes ...change) *caller {
	t.Helper()
	c := newCaller(t)
	c.detached(append([]change{inside("forever")}, changes...)...)
	return c
}

// exec runs verbs in the sleeper; flags come before the id.
func (c *caller) exec(flags, words string) result {
	c.t.Helper()
	line := append(append([]string{"exec"}, strings.Fields(flags)...), c.id, "/inside")
	return c.urun(append(line, strings.Fields(words)...)...)
}

func TestExecRunsBesideTheContainer(t *testing.T) {
	c := sleeper(t)
	pid := c.state(c.id).Pid
	for _, kind := range []string{"pid", "mnt", "user", "ipc", "uts", "cgroup", "net"} {
		want, err := os.Readlink(fmt.Sprintf("/proc/%d/ns/%s", pid, kind))
		if err != nil {
			t.Fatal(err)
		}
		c.exec("", "ns "+kind).exits(0).prints(want)
	}
	c.exec("", "pids").exits(0).mentions("1 ")
}

// A created container may be entered before it starts, as with runc.
func TestExecBesideAWaitingContainer(t *testing.T) {
	c := newCaller(t)
	c.created(inside("forever"), namespace(specs.NetworkNamespace, ""), namespace(specs.TimeNamespace, ""))
	kinds := []string{"pid", "mnt", "user", "ipc", "uts", "cgroup", "net", "time"}
	before := make([]string, len(kinds))
	for i, kind := range kinds {
		before[i] = c.exec("", "ns "+kind).exits(0).stdout
	}
	c.exec("-u 1:2 --cwd /bin -e A=b", "id -- cwd -- env A -- pids").exits(0).mentions("uid=1 gid=2", "/bin\nb\n1 ")
	c.exec("", "exit 42").exits(42).silent()
	c.exec("", "fds").exits(0).prints("0", "1", "2")
	c.urun("exec", c.id, "foo").refuses(255, `exec: "foo": executable file not found in $PATH`)
	c.must("exec", "-d", c.id, "/inside", "forever")
	if st := c.state(c.id).Status; st != specs.StateCreated {
		t.Errorf("it is %s", st)
	}
	c.must("start", c.id)
	for i, kind := range kinds {
		c.exec("", "ns "+kind).exits(0).prints(strings.TrimSpace(before[i]))
	}
	for fd := 3; fd < 16; fd++ { // the handle of the namespaces is gone
		if to := c.exec("", fmt.Sprintf("readlink /proc/1/fd/%d", fd)); strings.Contains(to.stdout, "/ns") {
			t.Errorf("descriptor %d of the container leads to %s", fd, to.stdout)
		}
	}
	c.must("kill", c.id, "KILL")
	c.becomes(c.id, specs.StateStopped)
	c.must("delete", c.id)
	c.nothingLeft()
}

func TestExecWithATerminalBesideAWaitingContainer(t *testing.T) {
	c, tm := newCaller(t), newTerminal(t, 24, 80)
	c.created(inside("forever"))
	l := tm.launch(c, "exec", "-t", c.id, "/inside", "isatty", "0", "--", "ctty", "--", "exit", "3")
	l.wait().exits(3)
	shows(t, tm.screen, "controlling terminal")
}

func TestExecBesideAContainerPausedBeforeItsStart(t *testing.T) {
	c := newCaller(t)
	c.created(inside("forever"))
	c.must("pause", c.id)
	c.exec("", "exit 0").refuses(255, "paused")
	c.exec("--ignore-paused", "exit 0").refuses(255, "resume it first")
	c.must("resume", c.id)
	c.exec("", "exit 0").exits(0)
}

// Who reads that the container is running may exec at once, while its process still is on its way to its command.
func TestExecAtTheMomentOfTheStart(t *testing.T) {
	for range 10 {
		c := newCaller(t)
		c.created(inside("forever"))
		done := make(chan result, 1)
		go func() { done <- c.exec("", "exit 7") }()
		c.must("start", c.id)
		(<-done).exits(7)
	}
}

// TestExecWaitsForTheBeginning: run lets its container be seen while that still makes its mounts, in the host's tree. Who comes then
// is not let in before it has left that tree.
func TestExecWaitsForTheBeginning(t *testing.T) {
	c := newCaller(t)
	dir := c.bundle(mounted(specs.Mount{Destination: "/many", Type: "tmpfs", Source: "tmpfs", Options: []string{"tmpcopyup"}}), inside("forever"))
	for n := range 3000 {
		writeFile(t, fmt.Sprintf("%s/rootfs/many/%d", dir, n), "")
	}
	l := c.launch(nil, "run", "-b", dir, c.id)
	eventually(t, "it is told to be running", func() bool { return strings.Contains(c.urun("state", c.id).stdout, `"running"`) })
	c.urun("exec", c.id, "/inside", "readlink", "/proc/1/exe", "--", "exists", "/many/2999").exits(0).prints("/inside", "yes")
	c.must("kill", c.id, "KILL")
	l.wait().exits(137)
}

// TestExecInAContainerThatEnds: at whatever moment it does, the answer is that, or the exit code of a killed process.
func TestExecInAContainerThatEnds(t *testing.T) {
	c := newCaller(t)
	dir := c.bundle(inside("forever"))
	for n := range 30 {
		c.must("run", "-d", "-b", dir, c.id)
		l := c.launch(nil, "exec", c.id, "/inside", "forever")
		time.Sleep(time.Duration(n) * 400 * time.Microsecond)
		c.must("kill", c.id, "KILL")
		if r := l.wait(); r.code != 137 && !(r.code == 255 && strings.Contains(r.stderr, "cannot exec in a stopped container")) {
			t.Errorf("%s", r)
		}
		c.must("delete", "-f", c.id)
	}
}

func TestExecReturnsTheExitCode(t *testing.T) {
	c := sleeper(t)
	c.exec("", "exit 0").exits(0).silent()
	c.exec("", "exit 42").exits(42).silent()
	c.exec("", "exit 255").exits(255).silent()
	c.exec("", "kill-self KILL").exits(128 + 9)
	c.exec("", "kill-self TERM").exits(128 + 15)
}

func TestExecHandsOverStandardStreams(t *testing.T) {
	c := sleeper(t)
	c.urunIn("", strings.NewReader("to and fro"), "exec", c.id, "/inside", "echo", "--", "stderr", "oops").exits(0).prints("to and fro").complains("oops")
}

func TestExecKeepsTheCommandsOwnFlags(t *testing.T) {
	c := sleeper(t)
	c.urun("exec", c.id, "/inside", "args", "-t", "--env=x", "-u").exits(0).prints(`"/inside" ["-t" "--env=x" "-u"]`)
}

func TestExecEnvironment(t *testing.T) {
	c := sleeper(t, func(s *specs.Spec) { s.Process.Env = []string{"PATH=/bin", "A=config"} })
	c.exec("", "env A -- env PATH").exits(0).prints("config", "/bin")
	c.exec("-e A=new -e LIST=x,y=z,w --env B=2", "env A -- env LIST -- env B").exits(0).prints("new", "x,y=z,w", "2")
	if r := c.exec("", "env").exits(0); strings.Contains(r.stdout, "URUN_TEST_CANARY") {
		t.Errorf("the caller's environment is inside\n%s", r)
	}
}

func TestExecWorkingDirectory(t *testing.T) {
	c := sleeper(t)
	c.exec("", "cwd").exits(0).prints("/")
	c.exec("--cwd /bin", "cwd").exits(0).prints("/bin")
	c.exec("--cwd /missing", "cwd").refuses(255, "/missing", "no such")
}

func TestExecFindsTheCommandInThePath(t *testing.T) {
	c := sleeper(t, func(s *specs.Spec) { s.Process.Env = []string{"PATH=/sbin:/bin"} })
	c.urun("exec", c.id, "inside", "print", "found").exits(0).prints("found")
}

func TestExecSaysWhichCommandIsMissing(t *testing.T) {
	c := sleeper(t)
	c.urun("exec", c.id, "foo").refuses(255, `exec: "foo": executable file not found in $PATH`)
	c.urun("exec", c.id, "/foo").refuses(255, `/foo`, "no such file or directory")
	c.urun("exec", c.id, "/proc/version").refuses(255, "/proc/version", "permission denied")
}

func TestExecWithoutACommandIsRefused(t *testing.T) {
	c := sleeper(t)
	if r := c.urun("exec", c.id); r.code == 0 || r.stderr == "" {
		t.Errorf("want a refusal\n%s", r)
	}
}

func TestExecAsAnotherUser(t *testing.T) {
	c := sleeper(t)
	for form, want := range map[string]string{
		"0": "uid=0 gid=0 groups=", "1": "uid=1 gid=0 groups=", "1:2": "uid=1 gid=2 groups=", "1000:1000": "uid=1000 gid=1000 groups=",
	} {
		c.exec("-u "+form, "id").exits(0).prints(want)
	}
	c.exec("-u 1:2 -g 5 -g 6", "id").exits(0).prints("uid=1 gid=2 groups=5 6")
	c.exec("-u 100000", "id").refuses(255, "100000")
}

func TestExecUserFormsThatMeanNothingAreRefused(t *testing.T) {
	c := sleeper(t)
	for _, form := range []string{":", ":1", "1:", "-1", "+1", "0x1", "1:2:3", "4294967295", "4294967296", "1:4294967296", "18446744073709551616", "nobody", " 1", "1 "} {
		r := c.urun("exec", "--user="+form, c.id, "/inside", "id")
		if r.code == 0 || r.stdout != "" || r.stderr == "" {
			t.Errorf("user %q: want a refusal\n%s", form, r)
		}
	}
}

func TestAnEmptyUserIsNotRoot(t *testing.T) {
	c := sleeper(t, user(5, 6))
	r := c.urun("exec", "--user=", c.id, "/inside", "id")
	if r.code == 0 { // as if it had not been given
		r.prints("uid=5 gid=6 groups=")
	}
}

func TestExecInAStoppedContainerIsRefused(t *testing.T) {
	c := newCaller(t)
	id := c.detached(inside("exit 0"))
	c.becomes(id, specs.StateStopped)
	c.exec("", "id").refuses(255, "stopped")
}

func TestExecInAPausedContainerIsRefused(t *testing.T) {
	c := sleeper(t)
	c.must("pause", c.id)
	c.exec("", "id").refuses(255, "paused")
	c.exec("--ignore-paused", "print anyway").exits(0).prints("anyway")
	c.must("resume", c.id)
	c.exec("", "print again").exits(0).prints("again")
}

func TestExecDetached(t *testing.T) {
	c := sleeper(t)
	file := filepath.Join(c.dir, "exec-pid")
	l := c.launch(nil, "exec", "-d", "--pid-file", file, c.id, "/inside", "print", "far", "--", "sleep", "3600")
	l.expect("far")
	l.wait().exits(0)
	pid := strings.TrimSpace(readFile(t, file))
	if pid != readFile(t, file) {
		t.Errorf("the pid file has more than the number: %q", readFile(t, file))
	}
	if cmdline := readFile(t, "/proc/"+pid+"/cmdline"); !strings.Contains(cmdline, "3600") {
		t.Errorf("process %s is %q", pid, cmdline)
	}
}

func TestExecReadsAProcessFile(t *testing.T) {
	c := sleeper(t)
	file := filepath.Join(c.dir, "process.json")
	writeFile(t, file, `{"args": ["/inside", "id", "--", "cwd", "--", "env", "K", "--", "umask"], "cwd": "/bin", "env": ["K=v"], "user": {"uid": 3, "gid": 4, "umask": 63, "additionalGids": [7]}}`)
	c.urun("exec", "--process", file, c.id).exits(0).prints("uid=3 gid=4 groups=7", "/bin", "v", "0077")
	c.urun("exec", "--process", "/nowhere", c.id).refuses(255, "/nowhere")
	writeFile(t, file, "{")
	c.urun("exec", "--process", file, c.id).refuses(255, file)
}

// TestExecProcessFile tries what a file may say about a process, and what is wrong in one, each by itself.
func TestExecProcessFile(t *testing.T) {
	caps := &specs.LinuxCapabilities{Bounding: []string{"CAP_KILL"}, Effective: []string{"CAP_KILL"}, Permitted: []string{"CAP_KILL"}}
	c := sleeper(t, process(func(p *specs.Process) {
		p.Capabilities, p.Rlimits = caps, []specs.POSIXRlimit{{Type: "RLIMIT_CORE", Soft: 3, Hard: 4}}
	}))
	file := filepath.Join(c.dir, "process.json")
	said := func(ask, more string) result {
		text, _ := json.Marshal(append([]string{"/inside"}, strings.Fields(ask)...))
		writeFile(t, file, fmt.Sprintf(`{"args": %s, "cwd": "/"%s}`, text, more))
		return c.urun("exec", "--process", file, c.id)
	}
	const kill, chown = "0000000000000020", "0000000000000001"
	said("caps CapEff -- rlimit Max core file size", "").exits(0).prints("CapEff="+kill, "3 4") // the container's
	said("caps CapEff -- caps CapBnd", `, "capabilities": {"effective": ["CAP_CHOWN"], "permitted": ["CAP_CHOWN"], "bounding": ["CAP_CHOWN"]}`).
		exits(0).prints("CapEff="+chown, "CapBnd="+chown)
	said("caps CapEff", `, "capabilities": {}`).exits(0).prints("CapEff=0000000000000000")
	said("rlimit Max core file size", `, "rlimits": [{"type": "RLIMIT_CORE", "soft": 1, "hard": 2}]`).exits(0).prints("1 2")
	said("nnp", `, "noNewPrivileges": true`).exits(0).prints("1")
	said("id", `, "apparmorProfile": "urun-no-such"`).refuses(255, "apparmor", "urun-no-such") // by the kernel, where it is on
	said("id", `, "selinuxLabel": "urun-no-such"`).refuses(255, "selinux", "urun-no-such")
	said("id", `, "commandLine": "x"`).refuses(255, "commandLine")
	said("id", `, "env": ["A=B", "C"]`).refuses(255, `process.env[1]: "C"`)
	said("id", `, "cwd": "bin"`).refuses(255, `process.cwd: "bin" is not an absolute path`)
	said("id", `, "rlimits": [{"type": "RLIMIT_CPU"}, {"soft": "1"}]`).refuses(255, file, "rlimits[1].soft must be a whole number")
	said("id", `, "ioPriority": {"class": "IOPRIO_CLASS_BE", "priority": 8}`).refuses(255, "process.ioPriority.priority: 8")
	said("id", `, "execCPUAffinity": {"final": "x"}`).refuses(255, "process.execCPUAffinity.final")
	said("id", `, "oomScoreAdj": 1001`).refuses(255, "process.oomScoreAdj: 1001")
	said("id", `} {`).refuses(255, file, "after top-level value")
	said("id", `, "unknown": 1`).exits(0)
	writeFile(t, file, "[]")
	c.urun("exec", "--process", file, c.id).refuses(255, file, "must be an object")
	c.urun("exec", "--process", "/dev/zero", c.id).refuses(255, "/dev/zero has more than")
	c.urun("exec", "--process", c.dir, c.id).refuses(255, c.dir, "is a directory")
}

func TestExecCapabilities(t *testing.T) {
	c := sleeper(t, func(s *specs.Spec) {
		s.Process.Capabilities = &specs.LinuxCapabilities{Bounding: []string{"CAP_KILL"}, Effective: []string{"CAP_KILL"}, Permitted: []string{"CAP_KILL"}}
	})
	const kill = "0000000000000020"
	c.exec("", "caps CapEff -- caps CapPrm -- caps CapBnd -- caps CapInh").exits(0).
		prints("CapEff="+kill, "CapPrm="+kill, "CapBnd="+kill, "CapInh=0000000000000000")
	c.exec("--cap CAP_NET_BIND_SERVICE", "caps CapEff -- caps CapInh").exits(0).prints("CapEff=0000000000000420", "CapInh=0000000000000000")
	c.exec("--cap NET_ADMIN", "caps").refuses(255, `--cap "NET_ADMIN": unknown capability`)
}

func TestExecNoNewPrivileges(t *testing.T) {
	c := sleeper(t, func(s *specs.Spec) { s.Process.NoNewPrivileges = false })
	c.exec("", "nnp").exits(0).prints("0")
	c.exec("--no-new-privs", "nnp").exits(0).prints("1")
}

func TestExecHandsOverOnlyTheDescriptorsAsked(t *testing.T) {
	c := sleeper(t)
	given, err := os.Open("/dev/null")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = given.Close() }()
	extra := func(cmd *exec.Cmd) { cmd.ExtraFiles = []*os.File{given, given} }
	c.launch(extra, "exec", c.id, "/inside", "fds").wait().exits(0).prints("0", "1", "2")
	c.launch(extra, "exec", "--preserve-fds", "1", c.id, "/inside", "fds").wait().exits(0).prints("0", "1", "2", "3")
}

func TestExecManyAtATime(t *testing.T) {
	c := sleeper(t)
	var all []*live
	for i := range 10 {
		all = append(all, c.launch(nil, "exec", c.id, "/inside", "print", fmt.Sprint(i), "--", "exit", fmt.Sprint(i)))
	}
	for i, l := range all {
		l.wait().exits(i).prints(fmt.Sprint(i))
	}
}
