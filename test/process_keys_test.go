package test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"
)

// held is a process with the attributes that the kernel keeps, and what it finds when it asks for them.
var held = struct {
	set  change
	ask  string
	want []string
}{
	func(s *specs.Spec) {
		p := s.Process
		score := 321
		p.Scheduler = &specs.Scheduler{Policy: specs.SchedBatch, Nice: 7}
		p.IOPriority = &specs.LinuxIOPriority{Class: specs.IOPRIO_CLASS_BE, Priority: 6}
		p.OOMScoreAdj = &score
		s.Linux.Personality = &specs.LinuxPersonality{Domain: specs.PerLinux32}
		s.Linux.MemoryPolicy = &specs.LinuxMemoryPolicy{Mode: specs.MpolBind, Nodes: "0", Flags: []specs.MemoryPolicyFlagType{specs.MpolFStaticNodes}}
	},
	"sched -- ioprio -- oomadj -- machine -- mempolicy",
	[]string{
		fmt.Sprintf("policy=%d nice=7 priority=0 flags=0", unix.SCHED_BATCH), "class=2 level=6", "321", machine32[runtime.GOARCH],
		fmt.Sprintf("mode=%d nodes=0x1", unix.MPOL_BIND|unix.MPOL_F_STATIC_NODES),
	},
}

// machine32 is what uname(2) says to a 32-bit program.
var machine32 = map[string]string{"amd64": "i686", "arm64": "armv8l"}

// TestKernelAttributes: the process has them, however it is started, and so has exec's.
func TestKernelAttributes(t *testing.T) {
	c := newCaller(t)
	c.run(held.set, unfiltered, inside(held.ask)).exits(0).prints(held.want...).silent()
	c = newCaller(t)
	c.created(held.set, unfiltered, inside("forever"))
	c.must("start", c.id)
	c.exec("", held.ask).exits(0).prints(held.want...)
}

// TestExecHasAttributesOfItsOwn: what the JSON of a process says holds for it, what it leaves open is as in the container.
func TestExecHasAttributesOfItsOwn(t *testing.T) {
	c := sleeper(t, held.set, unfiltered)
	file := c.dir + "/process.json"
	ask := `"args": ["/inside", "sched", "--", "ioprio", "--", "oomadj", "--", "machine"], "cwd": "/", "user": {}`
	writeFile(t, file, `{`+ask+`}`)
	c.urun("exec", "--process", file, c.id).exits(0).prints(held.want[:4]...)
	writeFile(t, file, `{`+ask+`, "scheduler": {"policy": "SCHED_IDLE"}, "ioPriority": {"class": "IOPRIO_CLASS_IDLE", "priority": 0}, "oomScoreAdj": 900}`)
	c.urun("exec", "--process", file, c.id).exits(0).prints(fmt.Sprintf("policy=%d nice=0 priority=0 flags=0", unix.SCHED_IDLE), "class=3 level=0", "900", held.want[3])
	writeFile(t, file, `{`+ask+`, "scheduler": {"policy": "SCHED_MOON"}}`)
	c.urun("exec", "--process", file, c.id).refuses(255, `process.scheduler.policy: unknown policy "SCHED_MOON"`)
	writeFile(t, file, `{`+ask+`, "rlimits": [{"type": "RLIMIT_NOFILE", "soft": 5, "hard": 4}]}`)
	c.urun("exec", "--process", file, c.id).refuses(255, "process.rlimits[0]: soft limit 5 is above the hard limit 4")
}

// TestExecCPUAffinity: it is for exec, and not for the container's first process.
func TestExecCPUAffinity(t *testing.T) {
	var all unix.CPUSet
	if err := unix.SchedGetaffinity(0, &all); err != nil {
		t.Fatal(err)
	}
	one := -1
	for n := range 1024 {
		if all.IsSet(n) {
			one = n
		}
	}
	affinity := func(initial, final string) change {
		return process(func(p *specs.Process) { p.ExecCPUAffinity = &specs.CPUAffinity{Initial: initial, Final: final} })
	}
	c := newCaller(t)
	ours := c.run(inside("cpus")).exits(0).stdout
	c.run(affinity(fmt.Sprint(one), ""), inside("cpus")).exits(0).prints(strings.TrimSpace(ours))
	for name, a := range map[string]change{"initial": affinity(fmt.Sprint(one), ""), "final": affinity("", fmt.Sprint(one))} {
		t.Run(name, func(t *testing.T) { sleeper(t, a).exec("", "cpus").exits(0).prints(fmt.Sprint(one)) })
	}
	sleeper(t, affinity("", "8191")).exec("", "cpus").refuses(255, "run on CPUs 8191", "none of them is there")
}

// TestPrioritiesThatAreRefused: the kernel's no comes with the reason, and nothing is left.
func TestPrioritiesThatAreRefused(t *testing.T) {
	for name, tc := range map[string]struct {
		set  func(*specs.Process)
		want []string
	}{
		"real time":     {func(p *specs.Process) { p.Scheduler = &specs.Scheduler{Policy: specs.SchedRR, Priority: 9} }, []string{"scheduler SCHED_RR priority 9", "RLIMIT_RTPRIO"}},
		"better nice":   {func(p *specs.Process) { p.Scheduler = &specs.Scheduler{Policy: specs.SchedOther, Nice: -10} }, []string{"scheduler SCHED_OTHER nice -10", "RLIMIT_NICE"}},
		"real-time I/O": {func(p *specs.Process) { p.IOPriority = &specs.LinuxIOPriority{Class: specs.IOPRIO_CLASS_RT} }, []string{"io priority IOPRIO_CLASS_RT 0", "only root on the host"}},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCaller(t)
			c.wrap = []string{"prlimit", "--nice=0", "--rtprio=0"}
			c.refused(c.bundle(process(tc.set)), tc.want...)
		})
	}
}

// TestNiceThatMeansNothing: configs give policies a nice value that know none.
func TestNiceThatMeansNothing(t *testing.T) {
	idle := process(func(p *specs.Process) { p.Scheduler = &specs.Scheduler{Policy: specs.SchedIdle, Nice: 3} })
	newCaller(t).run(idle, inside("sched")).exits(0).mentions(fmt.Sprintf("policy=%d ", unix.SCHED_IDLE)).complains("URUN-SCHED-001", "process.scheduler.nice 3")
}

func TestMemoryPolicyOfANodeThatIsNotThere(t *testing.T) {
	c := newCaller(t)
	c.refused(c.bundle(func(s *specs.Spec) {
		s.Linux.MemoryPolicy = &specs.LinuxMemoryPolicy{Mode: specs.MpolBind, Nodes: "1023"}
	}),
		"memory policy MPOL_BIND 1023", "a node that this machine has not")
}

// TestSecurityLabels: where the kernel applies no such module, as here, asking for one is an error; none is asked for by
// "unconfined".
func TestSecurityLabels(t *testing.T) {
	profile := func(name string) change { return process(func(p *specs.Process) { p.ApparmorProfile = name }) }
	label := func(name string) change { return process(func(p *specs.Process) { p.SelinuxLabel = name }) }
	c := newCaller(t)
	c.run(profile("unconfined"), inside("print ok")).exits(0).prints("ok").silent()
	c.refused(c.bundle(profile("urun-no-such")), "urun-no-such")
	c.refused(c.bundle(label("urun-no-such")), "urun-no-such")
	c = sleeper(t)
	c.exec("--apparmor urun-no-such", "id").refuses(255, "urun-no-such")
	c.exec("--process-label urun-no-such", "id").refuses(255, "urun-no-such")
}

// TestRlimitAboveTheCallers: both numbers are named, and what is below is set.
func TestRlimitAboveTheCallers(t *testing.T) {
	c := newCaller(t)
	c.wrap = []string{"prlimit", "--nofile=512:700", "--core=0:0"}
	limit := func(kind string, soft, hard uint64) change {
		return process(func(p *specs.Process) { p.Rlimits = []specs.POSIXRlimit{{Type: kind, Soft: soft, Hard: hard}} })
	}
	c.refused(c.bundle(limit("RLIMIT_NOFILE", 512, 4096)), "rlimit RLIMIT_NOFILE 512:4096", "the hard limit 4096 is above 700")
	c.refused(c.bundle(limit("RLIMIT_CORE", 1, 2)), "the hard limit 2 is above 0")
	c.run(limit("RLIMIT_NOFILE", 700, 700), inside("rlimit Max open files")).exits(0).prints("700 700")
}

// TestOOMScoreThatCannotBeHad: it is left as it was, with a notice; exec is the same, without a word.
func TestOOMScoreThatCannotBeHad(t *testing.T) {
	score := -1000
	low := process(func(p *specs.Process) { p.OOMScoreAdj = &score })
	mine := readFile(t, "/proc/self/oom_score_adj")
	c := newCaller(t)
	c.run(low, inside("oomadj")).exits(0).prints(strings.TrimSpace(mine)).complains("URUN-OOM-001", "process.oomScoreAdj -1000: the caller's own value")
	c.flags = []string{"--strict"}
	c.refused(c.bundle(low), "URUN-OOM-001")
	sleeper(t, low).exec("", "oomadj").exits(0).prints(strings.TrimSpace(mine)).silent()
}
