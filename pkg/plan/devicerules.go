package plan

import (
	"fmt"
	"path"
	"slices"
	"strings"

	specs "github.com/opencontainers/runtime-spec/specs-go"
)

// deviceRules looks at linux.resources.devices. An ordinary user can load no filter for them (BPF_PROG_TYPE_CGROUP_DEVICE), and
// needs none: no device can be made, and only those can be opened that the config itself puts into the container. So a rule
// is lost only if it takes something away from one of these.
func (c *compiler) deviceRules() error {
	if c.spec.Linux.Resources == nil {
		return nil
	}
	rules := c.spec.Linux.Resources.Devices
	for i, r := range rules {
		at := fmt.Sprintf("linux.resources.devices[%d]", i)
		switch {
		case !slices.Contains([]string{"", "a", "b", "c"}, r.Type):
			return fmt.Errorf("%s.type: %q is not a, b or c", at, r.Type)
		case strings.Trim(r.Access, "rwm") != "":
			return fmt.Errorf("%s.access: %q is not made of r, w and m", at, r.Access)
		case wildcard(r.Major) < -1:
			return fmt.Errorf("%s.major: %d is below 0", at, *r.Major)
		case wildcard(r.Minor) < -1:
			return fmt.Errorf("%s.minor: %d is below 0", at, *r.Minor)
		}
	}
	if len(rules)*len(c.spec.Linux.Devices) > 1_000_000 { // which would take a second
		return fmt.Errorf("linux.resources.devices: %d rules for %d devices are too many", len(rules), len(c.spec.Linux.Devices))
	}
	for i, d := range c.spec.Linux.Devices {
		if may := allowed(rules, d); len(rules) > 0 && may != "rw" && d.Type != "p" && !defaultDevice(d.Path) {
			c.note(Notice{
				Code: "URUN-CG-010", Want: fmt.Sprintf("linux.resources.devices: %q of linux.devices[%d]: %s", may, i, path.Clean(d.Path)),
				Got: "it can be opened as its permissions say", Why: "an ordinary user cannot load the filter of devices",
				Fix: "have in linux.devices only what the container may use",
			})
		}
	}
	return nil
}

// wildcard is -1 for every number.
func wildcard(n *int64) int64 {
	if n == nil {
		return -1
	}
	return *n
}

// allowed says whether the rules let a device be read and written: "", "r", "w" or "rw". The last rule about it counts.
func allowed(rules []specs.LinuxDeviceCgroup, d specs.LinuxDevice) (may string) {
	kind := strings.Replace(d.Type, "u", "c", 1)
	for _, access := range []string{"r", "w"} {
		ok := false
		for _, r := range rules {
			about := (r.Type == "" || r.Type == "a" || r.Type == kind) && strings.Contains(r.Access, access)
			if about && slices.Contains([]int64{-1, d.Major}, wildcard(r.Major)) && slices.Contains([]int64{-1, d.Minor}, wildcard(r.Minor)) {
				ok = r.Allow
			}
		}
		if ok {
			may += access
		}
	}
	return may
}
