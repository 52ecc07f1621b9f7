package plan

import (
	"fmt"
	"slices"
	"strings"

	specs "github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/step"
)

// rlimits turns the config's resource limits into steps. at is the JSON path of the process, callers are the caller's own
// hard limits where they are known.
func rlimits(at string, list []specs.POSIXRlimit, callers []uint64) ([]step.Step, error) {
	steps := make([]step.Step, 0, len(list))
	for i, r := range list {
		here := fmt.Sprintf("%s.rlimits[%d]", at, i)
		n := slices.Index(rlimitNames[:], strings.TrimPrefix(r.Type, "RLIMIT_"))
		if n < 0 || !strings.HasPrefix(r.Type, "RLIMIT_") {
			return nil, fmt.Errorf("%s.type: unknown limit %q", here, r.Type)
		}
		if r.Soft > r.Hard {
			return nil, fmt.Errorf("%s: soft limit %d is above the hard limit %d", here, r.Soft, r.Hard)
		}
		if slices.ContainsFunc(list[:i], func(o specs.POSIXRlimit) bool { return o.Type == r.Type }) {
			return nil, fmt.Errorf("%s: %s given twice", here, r.Type)
		}
		limit := step.Rlimit{Name: r.Type, Resource: n, Soft: r.Soft, Hard: r.Hard}
		if n < len(callers) && callers[n] < r.Hard {
			limit.Callers, limit.Above = callers[n], true
		}
		steps = append(steps, limit)
	}
	return steps, nil
}

// fewFiles takes a limit of open files from the steps that leaves the process too few to wait for its start and to show its
// namespaces. It is set at the last moment.
func fewFiles(steps []step.Step) (rest, few []step.Step) {
	const enough = 64
	for _, s := range steps {
		if limit, ok := s.(step.Rlimit); ok && limit.Resource == unix.RLIMIT_NOFILE && limit.Soft < enough {
			few = append(few, s)
			continue
		}
		rest = append(rest, s)
	}
	return rest, few
}

// rlimitNames are the resources of getrlimit(2) by number (asm-generic/resource.h).
var rlimitNames = [...]string{
	"CPU", "FSIZE", "DATA", "STACK", "CORE", "RSS", "NPROC", "NOFILE", "MEMLOCK", "AS", "LOCKS", "SIGPENDING", "MSGQUEUE",
	"NICE", "RTPRIO", "RTTIME",
}
