package bundle

import (
	"github.com/moby/profiles/seccomp"
	specs "github.com/opencontainers/runtime-spec/specs-go"
)

// defaultFilter is the filter that engines give a container by default, for the capabilities of s and the architecture and
// the kernel of this machine. It keeps programs from parts of the kernel that they hardly ever want and attackers do.
func defaultFilter(s *specs.Spec) (*specs.LinuxSeccomp, error) { return seccomp.GetDefaultProfile(s) }
