package container

import (
	specs "github.com/opencontainers/runtime-spec/specs-go"

	"github.com/urun/urun/pkg/host"
	"github.com/urun/urun/pkg/plan"
)

// detectLabels looks for SELinux where linux.mountLabel makes it worth a look.
func detectLabels(h *plan.Host, l *specs.Linux) {
	if l != nil && l.MountLabel != "" {
		host.Modules(h)
	}
}
