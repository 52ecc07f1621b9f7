package plan_test

import (
	"strings"
	"testing"

	specs "github.com/opencontainers/runtime-spec/specs-go"

	"github.com/urun/urun/pkg/idmap"
	"github.com/urun/urun/pkg/plan"
	"github.com/urun/urun/pkg/program"
)

// TestRefusedKeys: a value that cannot be had is refused with the JSON path of its key.
func TestRefusedKeys(t *testing.T) {
	const timeNS = `"namespaces": [{"type": "mount"}, {"type": "user"}, {"type": "time"}]`
	for change, want := range map[string]string{
		`{"process": {"scheduler": {"policy": "SCHED_NONE"}}}`:                                                                              `process.scheduler.policy: unknown policy "SCHED_NONE"`,
		`{"process": {"scheduler": {"policy": "SCHED_ISO"}}}`:                                                                               "process.scheduler.policy: Linux does not have SCHED_ISO",
		`{"process": {"scheduler": {"policy": "SCHED_BATCH", "nice": 20}}}`:                                                                 "process.scheduler.nice: 20 is not in -20…19",
		`{"process": {"scheduler": {"policy": "SCHED_BATCH", "nice": -21}}}`:                                                                "process.scheduler.nice: -21 is not in -20…19",
		`{"process": {"scheduler": {"policy": "SCHED_BATCH", "priority": 1}}}`:                                                              "process.scheduler.priority: means nothing for SCHED_BATCH, only for SCHED_FIFO and SCHED_RR",
		`{"process": {"scheduler": {"policy": "SCHED_FIFO"}}}`:                                                                              "process.scheduler.priority: 0 is not in 1…99",
		`{"process": {"scheduler": {"policy": "SCHED_RR", "priority": 100}}}`:                                                               "process.scheduler.priority: 100 is not in 1…99",
		`{"process": {"scheduler": {"policy": "SCHED_OTHER", "deadline": 1}}}`:                                                              "process.scheduler: runtime, deadline and period mean nothing for SCHED_OTHER, only for SCHED_DEADLINE",
		`{"process": {"scheduler": {"policy": "SCHED_IDLE", "flags": ["SCHED_FLAG_X"]}}}`:                                                   `process.scheduler.flags[0]: unknown flag "SCHED_FLAG_X"`,
		`{"process": {"ioPriority": {"class": "IOPRIO_CLASS_NONE"}}}`:                                                                       `process.ioPriority.class: unknown class "IOPRIO_CLASS_NONE"`,
		`{"process": {"ioPriority": {"class": "IOPRIO_CLASS_BE", "priority": 8}}}`:                                                          "process.ioPriority.priority: 8 is not in 0…7",
		`{"process": {"ioPriority": {"class": "IOPRIO_CLASS_BE", "priority": -1}}}`:                                                         "process.ioPriority.priority: -1 is not in 0…7",
		`{"process": {"execCPUAffinity": {"initial": "0-"}}}`:                                                                               `process.execCPUAffinity.initial: "0-" is not a number or a range`,
		`{"process": {"execCPUAffinity": {"initial": "3-1"}}}`:                                                                              `process.execCPUAffinity.initial: range "3-1" ends before it begins`,
		`{"process": {"execCPUAffinity": {"final": "0,all"}}}`:                                                                              `process.execCPUAffinity.final: "all" is not a number or a range`,
		`{"process": {"execCPUAffinity": {"final": "8192"}}}`:                                                                               "process.execCPUAffinity.final: 8192 is above 8191, the most there can be",
		`{"process": {"execCPUAffinity": {"final": "0-4294967295"}}}`:                                                                       `process.execCPUAffinity.final: "0-4294967295" is not a number or a range`,
		`{"process": {"oomScoreAdj": -1001}}`:                                                                                               "process.oomScoreAdj: -1001 is not in -1000…1000",
		`{"process": {"consoleSize": {"height": 65536, "width": 1}}}`:                                                                       "process.consoleSize.height: 65536 is not in 0…65535",
		`{"process": {"consoleSize": {"height": 1, "width": 70000}}}`:                                                                       "process.consoleSize.width: 70000 is not in 0…65535",
		`{"process": {"user": {"umask": 512}}}`:                                                                                             "process.user.umask: 512 is not in 0…511 (octal 777)",
		`{"process": {"commandLine": "cmd /c dir"}}`:                                                                                        "process: commandLine and user.username are for Windows; use args, user.uid and user.gid",
		`{"process": {"user": {"username": "joe"}}}`:                                                                                        "process: commandLine and user.username are for Windows; use args, user.uid and user.gid",
		`{"linux": {"personality": {"domain": "BSD"}}}`:                                                                                     `linux.personality.domain: unknown domain "BSD"`,
		`{"linux": {"personality": {"domain": "LINUX", "flags": ["X"]}}}`:                                                                   `linux.personality.flags[0]: unknown flag "X" (the specification has none)`,
		`{"linux": {"memoryPolicy": {"mode": "MPOL_BEST"}}}`:                                                                                `linux.memoryPolicy.mode: unknown mode "MPOL_BEST"`,
		`{"linux": {"memoryPolicy": {"mode": "MPOL_BIND"}}}`:                                                                                "linux.memoryPolicy.nodes: MPOL_BIND needs at least one",
		`{"linux": {"memoryPolicy": {"mode": "MPOL_LOCAL", "nodes": "0"}}}`:                                                                 "linux.memoryPolicy.nodes: MPOL_LOCAL takes none",
		`{"linux": {"memoryPolicy": {"mode": "MPOL_BIND", "nodes": "1024"}}}`:                                                               "linux.memoryPolicy.nodes: 1024 is above 1023, the most there can be",
		`{"linux": {"memoryPolicy": {"mode": "MPOL_BIND", "nodes": "x"}}}`:                                                                  `linux.memoryPolicy.nodes: "x" is not a number or a range`,
		`{"linux": {"memoryPolicy": {"mode": "MPOL_BIND", "nodes": "0", "flags": ["MPOL_F_X"]}}}`:                                           `linux.memoryPolicy.flags[0]: unknown flag "MPOL_F_X"`,
		`{"linux": {` + timeNS + `, "timeOffsets": {"realtime": {"secs": 1}}}}`:                                                             `linux.timeOffsets: unknown clock "realtime"`,
		`{"linux": {` + timeNS + `, "timeOffsets": {"boottime": {"nanosecs": 1000000000}}}}`:                                                "linux.timeOffsets.boottime.nanosecs: 1000000000 is not in 0…999999999",
		`{"linux": {"namespaces": [{"type": "mount"}, {"type": "time", "path": "/t"}], "timeOffsets": {"boottime": {}}}}`:                   "linux.timeOffsets: given with a time namespace that exists already: its clocks cannot be set any more",
		`{"linux": {"namespaces": [{"type": "mount"}, {"type": "time"}, {"type": "user", "path": "/u"}], "timeOffsets": {"boottime": {}}}}`: "linux.timeOffsets: cannot be had with a user namespace that exists already: to set the clocks urun would have to lay its memory open to those who live there",
		`{"linux": {"devices": [{"path": "/dev/x"}]}}`:                                                                                      `linux.devices[0].type: "" is not c, b, u or p`,
		`{"linux": {"devices": [{"path": "/dev/x", "type": "c", "fileMode": 65536}]}}`:                                                      "linux.devices[0].fileMode: 65536 is not in 0…65535",
		`{"process": {"env": ["A=", "B"]}}`:                                                                                                 `process.env[1]: "B" is not of the form NAME=VALUE`,
		`{"process": {"env": ["=C"]}}`:                                                                                                      `process.env[0]: "=C" is not of the form NAME=VALUE`,
		`{"hooks": {"poststop": [{"path": "/x", "env": ["A=B", ""]}]}}`:                                                                     `hooks.poststop[0].env[1]: "" is not of the form NAME=VALUE`,
		`{"linux": {"devices": [{"path": "/dev/..", "type": "p"}]}}`:                                                                        "linux.devices[0].path: / is the container's root itself",
		`{"annotations": {"": "x"}}`:                                                                                                        "annotations: a key is empty",
		`{"mounts": [{"destination": "/` + strings.Repeat("x", 4095) + `", "type": "tmpfs"}]}`:                                              "mounts[0].destination: 4096 bytes are more than the 4095 of a path",
		`{"process": {"cwd": "/` + strings.Repeat("x", 4095) + `"}}`:                                                                        "process.cwd: 4096 bytes are more than the 4095 of a path",
		`{"process": {"user": {"additionalGids": [0` + strings.Repeat(",0", 65536) + `]}}}`:                                                 "process.user.additionalGids: 65537 groups are more than the 65536 that a process can have",
		`{"freebsd": {}}`:        "freebsd" + unsupported,
		`{"solaris": {}}`:        "solaris" + unsupported,
		`{"zos": {}}`:            "zos" + unsupported,
		`{"vm": {"kernel": {}}}`: "vm" + unsupported,
	} {
		_, err := plan.Compile(with(t, change), hosts["full"], options())
		if err == nil || err.Error() != want {
			t.Errorf("%s\n got %v\nwant %q", change, err, want)
		}
	}
}

// noticed compiles change and returns the notices as lines.
func noticed(t *testing.T, change string, opt plan.Options) string {
	t.Helper()
	p, err := plan.Compile(with(t, change), hosts["full"], opt)
	if err != nil {
		t.Fatalf("%s: %v", change, err)
	}
	var lines strings.Builder
	for _, n := range p.Notices {
		lines.WriteString(n.String() + "\n")
	}
	return lines.String()
}

// TestNiceOfOtherPolicies: configs give one to policies that know none.
func TestNiceOfOtherPolicies(t *testing.T) {
	for policy, rest := range map[string]string{"SCHED_IDLE": "", "SCHED_RR": `, "priority": 1`, "SCHED_DEADLINE": `, "runtime": 1, "deadline": 2, "period": 3`} {
		got := noticed(t, `{"process": {"scheduler": {"policy": "`+policy+`", "nice": 19`+rest+`}}}`, options())
		if want := "URUN-SCHED-001: process.scheduler.nice 19: left out (only SCHED_OTHER and SCHED_BATCH know a nice value)\n"; got != want {
			t.Errorf("%s: %q", policy, got)
		}
	}
	if got := noticed(t, `{"process": {"scheduler": {"policy": "SCHED_BATCH", "nice": 19}}}`, options()); got != "" {
		t.Error(got)
	}
}

// TestActivation: the sockets of a service manager are told of where the pid that they are meant for is known.
func TestActivation(t *testing.T) {
	opt := options()
	opt.Activation = plan.Activation{Sockets: 2, Names: "web:admin"}
	p, err := plan.Compile(with(t, `{}`), hosts["full"], opt)
	if err != nil {
		t.Fatal(err)
	}
	if text, want := p.Syscalls(), `["LISTEN_FDS=2", "LISTEN_PID=1", "LISTEN_FDNAMES=web:admin", "HOME=/root"]`; !strings.Contains(text, want) {
		t.Errorf("no %s in\n%s", want, text)
	}
	for _, namespaces := range []string{`{"type": "user"}`, `{"type": "pid", "path": "/x"}`} {
		got := noticed(t, `{"linux": {"namespaces": [{"type": "mount"}, `+namespaces+`]}}`, opt)
		if !strings.Contains(got, "URUN-FDS-001: LISTEN_FDS=2: ") {
			t.Errorf("%s: %q", namespaces, got)
		}
	}
}

// TestRlimitAboveTheCallers: both numbers are named, 0 too.
func TestRlimitAboveTheCallers(t *testing.T) {
	host := hosts["full"]
	host.HardLimits = make([]uint64, 16)
	host.HardLimits[7] = 1024
	for limit, want := range map[string]string{"NOFILE": "5000 is above 1024, the caller's own", "CORE": "5000 is above 0, the caller's own"} {
		spec := with(t, `{"process": {"rlimits": [{"type": "RLIMIT_`+limit+`", "soft": 1, "hard": 5000}]}}`)
		p, err := plan.Compile(spec, host, options())
		if err != nil {
			t.Fatal(err)
		}
		found := false
		for _, s := range p.Steps {
			if x, ok := s.(program.Explainer); ok && strings.HasPrefix(s.String(), "rlimit ") {
				found = strings.Contains(x.Explain(1), want)
			}
		}
		if !found {
			t.Errorf("RLIMIT_%s: no explanation with %q", limit, want)
		}
	}
}

// TestExecAttributes: a process that is added to a container gets what its own JSON says, and the container's personality and
// memory policy.
func TestExecAttributes(t *testing.T) {
	adj := -500
	p := specs.Process{
		Args: []string{"sh"}, Cwd: "/", OOMScoreAdj: &adj, Scheduler: &specs.Scheduler{Policy: specs.SchedBatch, Nice: 5},
		IOPriority:      &specs.LinuxIOPriority{Class: specs.IOPRIO_CLASS_IDLE},
		ExecCPUAffinity: &specs.CPUAffinity{Initial: "0", Final: "0-1"},
		User:            specs.User{AdditionalGids: []uint32{7}},
	}
	to := target()
	to.Personality = &specs.LinuxPersonality{Domain: specs.PerLinux32}
	to.MemoryPolicy = &specs.LinuxMemoryPolicy{Mode: specs.MpolBind, Nodes: "0"}
	to.KeepGroups = true
	to.UIDMap, to.GIDMap = idmap.Full(1000, ranges), idmap.Full(1000, ranges)
	pl, err := plan.CompileExec(&p, to, hosts["full"], options())
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "exec.attributes.txt", pl.String())
	bad := 2000
	p.OOMScoreAdj = &bad
	if _, err := plan.CompileExec(&p, to, hosts["full"], options()); err == nil || err.Error() != "process.oomScoreAdj: 2000 is not in -1000…1000" {
		t.Error(err)
	}
}
