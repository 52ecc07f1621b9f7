package cgroup

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	specs "github.com/opencontainers/runtime-spec/specs-go"
)

// pids: -1 is no limit. 0 becomes 1, which forbids just as many forks: systemd takes no TasksMax=0, and a value that
// depends on who writes it would flip.
func (l *list) pids(r *specs.LinuxResources) error {
	if r.Pids == nil || r.Pids.Limit == nil {
		return nil
	}
	limit := *r.Pids.Limit
	if limit < -1 {
		return fmt.Errorf("%spids.limit: %d %w", root, limit, errNegative)
	}
	if limit == 0 {
		limit = 1
	}
	// PIDS_MAX of the kernel is PID_MAX_LIMIT + 1; it refuses more.
	if limit > pidMax {
		limit = -1
	}
	l.set("pids.limit", "pids.max", orMax(limit))
	return nil
}

// pidMax is the most processes a 64-bit Linux can have, PID_MAX_LIMIT.
const pidMax = 1 << 22

// hugepages: what is used is limited, and what is reserved by mmap(2) too where the kernel (5.7) counts it, so that a
// program is told in time and not killed by SIGBUS.
func (l *list) hugepages(r *specs.LinuxResources) error {
	for i, h := range r.HugepageLimits {
		at := fmt.Sprintf("hugepageLimits[%d]", i)
		if !isPageSize(h.Pagesize) {
			return fmt.Errorf("%s%s.pageSize: %q is not a size such as 64KB, 2MB or 1GB", root, at, h.Pagesize)
		}
		value := strconv.FormatUint(h.Limit, 10)
		l.set(at, "hugetlb."+h.Pagesize+".max", value)
		l.set(at, "hugetlb."+h.Pagesize+".rsvd.max", value).Optional = true
	}
	return nil
}

func isPageSize(s string) bool {
	digits := strings.TrimRight(s, "KMGB")
	unit := s[len(digits):]
	n, err := strconv.ParseUint(digits, 10, 32)
	return err == nil && n > 0 && digits[0] != '0' && digits[0] != '+' && (unit == "KB" || unit == "MB" || unit == "GB")
}

func (l *list) rdma(r *specs.LinuxResources) error {
	for _, device := range slices.Sorted(maps.Keys(r.Rdma)) {
		limit := r.Rdma[device]
		at := "rdma." + device
		if device == "" || strings.ContainsAny(device, " \t\n\x00=") {
			return fmt.Errorf("%srdma: %q is not a device's name", root, device)
		}
		value := device
		if limit.HcaHandles != nil {
			value += " hca_handle=" + strconv.FormatUint(uint64(*limit.HcaHandles), 10)
		}
		if limit.HcaObjects != nil {
			value += " hca_object=" + strconv.FormatUint(uint64(*limit.HcaObjects), 10)
		}
		if value == device {
			return fmt.Errorf("%s%s: neither hcaHandles nor hcaObjects is given", root, at)
		}
		l.set(at, "rdma.max", value)
	}
	return nil
}

func (l *list) network(n *specs.LinuxNetwork) {
	if n == nil {
		return
	}
	if n.ClassID != nil && *n.ClassID != 0 {
		l.gone("network.classID", "net_cls was a controller of cgroup v1")
	}
	if len(n.Priorities) > 0 {
		l.gone("network.priorities", "net_prio was a controller of cgroup v1")
	}
}

// devices: the filter is a BPF program, which an ordinary user may not load. What is not bound into the container's /dev
// cannot be opened without one, nor can nodes be made; so only rules that take something from a device that is there
// are lost.
func (l *list) devices(rules []specs.LinuxDeviceCgroup) {
	for i, rule := range rules {
		denyAll := !rule.Allow && (rule.Type == "" || rule.Type == "a")
		whole := rule.Allow && (rule.Access == "m" || strings.Contains(rule.Access, "r") && strings.Contains(rule.Access, "w"))
		if denyAll || whole {
			continue
		}
		l.notices = append(l.notices, Notice{
			Code: "URUN-CG-010", Want: fmt.Sprintf("%sdevices[%d]", root, i),
			Got: "a device that is in the container's /dev can be opened as its permissions say",
			Why: "an ordinary user cannot load the filter of devices (BPF_PROG_TYPE_CGROUP_DEVICE)",
			Fix: "bind only those devices that the container may use",
		})
		return
	}
}
