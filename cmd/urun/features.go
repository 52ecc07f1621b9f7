package main

import (
	"encoding/json"

	specs "github.com/opencontainers/runtime-spec/specs-go"
	"github.com/opencontainers/runtime-spec/specs-go/features"

	"github.com/urun/urun/pkg/host"
	"github.com/urun/urun/pkg/plan"
	"github.com/urun/urun/pkg/seccomp"
)

type featuresCmd struct{}

// Run prints the document that docker and podman read, see features.md of the runtime-spec.
func (*featuresCmd) Run(app *App) error {
	app.quiet = true
	e := json.NewEncoder(app.Stdout)
	e.SetIndent("", "    ")
	return e.Encode(supported())
}

func seccompFeatures(yes *bool) *features.Seccomp {
	return &features.Seccomp{
		Enabled: yes, Actions: seccomp.Actions(), Operators: seccomp.Operators(), Archs: seccomp.Archs(),
		KnownFlags: seccomp.Flags(), SupportedFlags: host.FilterFlags(),
	}
}

// supported lists what exists, and says no to what does not, so that no client has to guess.
func supported() features.Features {
	no, yes := new(bool), new(bool)
	*yes = true
	version, commit := build()
	return features.Features{
		OCIVersionMin: "1.0.0",
		OCIVersionMax: specs.Version,
		Hooks:         plan.HookNames(),
		MountOptions:  plan.MountOptions(),
		Linux: &features.Linux{
			Namespaces:      plan.NamespaceTypes(),
			Capabilities:    plan.CapNames(),
			Cgroup:          &features.Cgroup{V1: no, V2: yes, Systemd: yes, SystemdUser: yes, Rdma: yes},
			Seccomp:         seccompFeatures(yes),
			Apparmor:        &features.Apparmor{Enabled: yes},
			Selinux:         &features.Selinux{Enabled: yes},
			IntelRdt:        &features.IntelRdt{Enabled: no, Schemata: no, Monitoring: no},
			MemoryPolicy:    &features.MemoryPolicy{Modes: plan.MemoryModes(), Flags: plan.MemoryFlags()},
			MountExtensions: &features.MountExtensions{IDMap: &features.IDMap{Enabled: no}},
			NetDevices:      &features.NetDevices{Enabled: no},
		},
		Annotations: map[string]string{
			"com.github.urun.urun.version":            version,
			"com.github.urun.urun.commit":             commit,
			"com.github.urun.urun.checkpoint.enabled": "false",
		},
		PotentiallyUnsafeConfigAnnotations: plan.UnsafeAnnotations(),
	}
}
