package plan

import (
	"fmt"

	specs "github.com/opencontainers/runtime-spec/specs-go"

	"github.com/urun/urun/pkg/step"
)

// labels lists the steps by which the security modules learn what to make of the process at its execve(2). No profile, and
// the profile unconfined, leave the process what the caller is.
func (c *compiler) labels(p *specs.Process) ([]step.Step, error) {
	var list []step.Step
	if l := p.ApparmorProfile; l != "" && l != "unconfined" {
		if !c.host.AppArmor {
			return nil, fmt.Errorf("process.apparmorProfile: %q cannot be applied: AppArmor is not enabled on this host", l)
		}
		list = append(list, step.ExecLabel{Module: "apparmor", Label: l})
	}
	if l := p.SelinuxLabel; l != "" {
		if !c.host.SELinux {
			return nil, fmt.Errorf("process.selinuxLabel: %q cannot be applied: SELinux is not enabled on this host", l)
		}
		list = append(list, step.ExecLabel{Module: "selinux", Label: l})
	}
	return list, nil
}

// label emits the labels while the caller's /proc is still in sight.
func (c *compiler) label() error {
	list, err := c.labels(c.spec.Process)
	if len(list) > 0 {
		c.add(step.HostProc{})
		c.add(list...)
	}
	return err
}
