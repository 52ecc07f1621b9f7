package container

import (
	"os"
	"strconv"
	"strings"

	specs "github.com/opencontainers/runtime-spec/specs-go"

	"github.com/urun/urun/pkg/host"
	"github.com/urun/urun/pkg/plan"
	"github.com/urun/urun/pkg/state"
)

// detect looks at the host, with what the process p alone makes worth a look.
func detect(p *specs.Process) (plan.Host, error) {
	h, err := host.Detect()
	if err != nil || p == nil {
		return h, err
	}
	if p.ApparmorProfile != "" || p.SelinuxLabel != "" {
		host.Modules(&h)
	}
	if len(p.Rlimits) > 0 {
		host.Limits(&h)
	}
	return h, nil
}

// targetOf says what a process that is added to a container has to know of it.
func targetOf(rec state.Record, spec *specs.Spec) plan.Target {
	t := plan.Target{
		ID: rec.ID, Own: rec.Namespaces, UIDMap: rec.UIDMap, GIDMap: rec.GIDMap, KeepGroups: plan.KeepsGroups(rec.Annotations),
		InCgroup: rec.Cgroup != nil,
	}
	if spec.Linux != nil {
		t.Personality, t.MemoryPolicy, t.Seccomp = spec.Linux.Personality, spec.Linux.MemoryPolicy, spec.Linux.Seccomp
	}
	return t
}

// inherit gives the process of a file what it leaves open and the container's own process has; runc does the same.
func inherit(p, base *specs.Process) {
	if p.Capabilities == nil {
		p.Capabilities = base.Capabilities
	}
	if len(p.Rlimits) == 0 {
		p.Rlimits = base.Rlimits
	}
	if p.ApparmorProfile == "" {
		p.ApparmorProfile = base.ApparmorProfile
	}
	if p.SelinuxLabel == "" {
		p.SelinuxLabel = base.SelinuxLabel
	}
	if p.OOMScoreAdj == nil {
		p.OOMScoreAdj = base.OOMScoreAdj
	}
	if p.Scheduler == nil {
		p.Scheduler = base.Scheduler
	}
	if p.IOPriority == nil {
		p.IOPriority = base.IOPriority
	}
	if p.ExecCPUAffinity == nil {
		p.ExecCPUAffinity = base.ExecCPUAffinity
	}
}

// keepGroups asks in spec, whatever it says, for the caller's supplementary groups to be kept.
func keepGroups(spec *specs.Spec) {
	if spec.Annotations == nil {
		spec.Annotations = map[string]string{}
	}
	spec.Annotations[plan.KeepGroups] = "1"
}

// Activation reads what a service manager has put into the environment. Sockets that are meant for another process are not
// counted.
func Activation() (a plan.Activation) {
	if pid, err := strconv.Atoi(os.Getenv("LISTEN_PID")); err == nil && pid == os.Getpid() {
		if n, err := strconv.Atoi(os.Getenv("LISTEN_FDS")); err == nil && n > 0 {
			a.Sockets, a.Names = n, os.Getenv("LISTEN_FDNAMES")
		}
	}
	if s := os.Getenv("NOTIFY_SOCKET"); strings.HasPrefix(s, "/") { // an abstract one cannot be bound into a container
		a.Notify = s
	}
	return a
}
