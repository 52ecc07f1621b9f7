package plan

import (
	"golang.org/x/sys/unix"

	specs "github.com/opencontainers/runtime-spec/specs-go"

	"github.com/urun/urun/pkg/step"
)

// CompileUnshare makes the plan for a command in a new user namespace with the caller's full id map and everything else as
// it is.
func CompileUnshare(args, env []string, host Host) (Plan, error) {
	c := &compiler{spec: &specs.Spec{Process: &specs.Process{}, Linux: &specs.Linux{}}, host: host}
	c.plan.Birth.Flags, c.plan.Birth.Own = unix.CLONE_NEWUSER|unix.CLONE_NEWNS, unix.CLONE_NEWUSER|unix.CLONE_NEWNS
	if err := c.ids(); err != nil {
		return Plan{}, err
	}
	c.add(step.Keep{}) // also of urun's end of the conversation: else it would not hear when urun is killed
	if c.plan.Birth.MapBy == MapSelf {
		c.add(step.IDMap{UID: c.plan.Birth.UIDMap, GID: c.plan.Birth.GIDMap})
	} else {
		c.add(step.Await{For: "id maps"})
	}
	c.add(step.Become{SetGroups: c.plan.Birth.SetGroups}, step.Inheritance{Ignored: host.Ignored},
		step.Exec{Files: step.Candidates(args[0], env), Args: args, Env: env})
	return c.plan, nil
}
