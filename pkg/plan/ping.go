package plan

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/urun/urun/pkg/idmap"
	"github.com/urun/urun/pkg/step"
)

// pingGroups is the parameter that says which groups may send echo requests without a raw socket (icmp(7)). Engines write
// "0 2147483647", all of them, which the kernel refuses where the ends are not ids of the container.
const pingGroups = "/proc/sys/net/ipv4/ping_group_range"

// sysctl is the step for one parameter, with what has to become of its value.
func (c *compiler) sysctl(key, value string) (step.Sysctl, error) {
	s := step.Sysctl{Key: key, Value: value}
	gids := c.plan.Birth.GIDMap
	if gids == nil || s.Path() != pingGroups {
		return s, nil
	}
	f := strings.Fields(value)
	if len(f) != 2 {
		return s, fmt.Errorf("linux.sysctl: %s: %q is not two group ids", key, value)
	}
	low, errLow := strconv.ParseUint(f[0], 10, 32)
	high, errHigh := strconv.ParseUint(f[1], 10, 32)
	if errLow != nil || errHigh != nil {
		return s, fmt.Errorf("linux.sysctl: %s: %q is not two group ids", key, value)
	}
	if low > high { // nobody, and the kernel has that written as 1 0
		return s, nil
	}
	from, to, ok := mappedIn(gids, uint32(low), uint32(high))
	if !ok {
		return s, fmt.Errorf("linux.sysctl: %s: no group from %d to %d is mapped into the container", key, low, high)
	}
	if narrowed := fmt.Sprintf("%d %d", from, to); from != uint32(low) || to != uint32(high) {
		c.note(Notice{
			Code: "URUN-SYS-001", Want: "linux.sysctl " + key + "=" + value, Got: narrowed,
			Why: "the other groups are not mapped into the container, and none of its processes can be in one",
		})
		s.Value = narrowed
	}
	return s, nil
}

// mappedIn is the smallest and the largest id of the container that is mapped, from low to high.
func mappedIn(m idmap.Map, low, high uint32) (from, to uint32, ok bool) {
	for _, e := range m {
		first, last := max(e.ContainerID, low), min(e.ContainerID+(e.Size-1), high)
		if first > last {
			continue
		}
		if !ok || first < from {
			from = first
		}
		if !ok || last > to {
			to = last
		}
		ok = true
	}
	return from, to, ok
}
