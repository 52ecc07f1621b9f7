package sandbox

import (
	"fmt"
	"slices"

	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/plan"
	"github.com/urun/urun/pkg/step"
	"github.com/urun/urun/pkg/sys"
)

// openJoins opens the namespaces that the plan joins and returns them together with given. The caller closes opened.
func openJoins(p plan.Plan, given map[string]int) (inputs map[string]int, opened []int, err error) {
	inputs = make(map[string]int, len(given)+len(p.Birth.Joins)+1)
	for name, fd := range given {
		inputs[name] = fd
	}
	for _, j := range p.Birth.Joins {
		fd, err := unix.Open(j.Path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
		if err != nil {
			return nil, opened, fmt.Errorf("open namespace %s: %w", j.Path, err)
		}
		opened = append(opened, fd)
		if typ, err := unix.IoctlRetInt(fd, unix.NS_GET_NSTYPE); err != nil || uint64(typ) != j.Flag {
			return nil, opened, fmt.Errorf("namespace %s: not a namespace of the kind that linux.namespaces says", j.Path)
		}
		inputs[j.Input] = fd
	}
	return inputs, opened, nil
}

// linkInputs adds the gaps between the descriptors that the child keeps: 0 … 2+preserve and the inputs.
func linkInputs(inputs map[string]int, preserve int) map[string]uint64 {
	values := make(map[string]uint64, len(inputs)+2*step.MaxGaps)
	keep := make([]int, 0, len(inputs))
	for name, fd := range inputs {
		values[name] = uint64(fd)
		keep = append(keep, fd)
	}
	slices.Sort(keep)
	next, n := 3+preserve, 0
	gap := func(first int, last uint64) {
		a, b := step.Gap(n)
		values[a], values[b] = uint64(first), last
		n++
	}
	for _, fd := range keep {
		if fd > next && n < step.MaxGaps-1 {
			gap(next, uint64(fd-1))
		}
		next = max(next, fd+1)
	}
	gap(next, 1<<32-1)
	return values
}

// beyond is a number for a descriptor that the child will make, kept open like the inputs. It is not the lowest free one, which
// the child may get for something else before.
func beyond(inputs map[string]int, preserve int) int {
	last := 2 + preserve
	for _, fd := range inputs {
		last = max(last, fd)
	}
	return last + 2
}

// addArgs tells the program where the command line and the environment of urun are (step.Forget).
func addArgs(values map[string]uint64) {
	values["args"], values["args.size"], values["args.first"] = sys.ArgPages()
}

func closeAll(fds []int) {
	for _, fd := range fds {
		unix.Close(fd)
	}
}
