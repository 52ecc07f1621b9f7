package cgroup

import (
	"errors"
	"fmt"
	"math"
	"strconv"

	specs "github.com/opencontainers/runtime-spec/specs-go"
)

// What the kernel takes for cpu.max, in microseconds (kernel/sched/core.c: tg_set_cfs_bandwidth).
const (
	minPeriod     = 1_000
	maxPeriod     = 1_000_000
	minQuota      = 1_000
	maxQuota      = 1<<44 - 1
	defaultPeriod = 100_000
)

func (l *list) cpu(r *specs.LinuxResources) error {
	c := r.CPU
	if c == nil {
		return nil
	}
	if err := noRealtime(c); err != nil {
		return err
	}
	if err := l.cpuWeight(c); err != nil {
		return err
	}
	return l.cpuMax(c)
}

// noRealtime: a thread of SCHED_FIFO or SCHED_RR must not be in a cgroup v2 below the root at all while the kernel shares
// out its time by cgroup, and without that there is no file to write to.
func noRealtime(c *specs.LinuxCPU) error {
	why := errors.New("cgroup v2 does not share out real-time; remove it from config.json")
	if c.RealtimeRuntime != nil && *c.RealtimeRuntime != 0 {
		return fmt.Errorf("%scpu.realtimeRuntime: %w", root, why)
	}
	if c.RealtimePeriod != nil && *c.RealtimePeriod != 0 {
		return fmt.Errorf("%scpu.realtimePeriod: %w", root, why)
	}
	return nil
}

// cpuWeight: a cgroup is idle or has a weight; the kernel refuses a weight while it is idle, so idle is written first.
func (l *list) cpuWeight(c *specs.LinuxCPU) error {
	shares := uint64(0)
	if c.Shares != nil {
		shares = *c.Shares
	}
	if c.Idle != nil {
		if *c.Idle != 0 && *c.Idle != 1 {
			return fmt.Errorf("%scpu.idle: %d is neither 0 nor 1", root, *c.Idle)
		}
		// Kernels before 5.15 know nothing else than what 0 says.
		l.set("cpu.idle", "cpu.idle", strconv.FormatInt(*c.Idle, 10)).Optional = *c.Idle == 0
		if *c.Idle == 1 && shares != 0 {
			l.notices = append(l.notices, Notice{
				Code: "URUN-CG-012", Want: fmt.Sprintf("%scpu.shares %d", root, shares), Got: "the container has the least of all weights",
				Why: root + "cpu.idle is 1", Fix: "remove one of the two from config.json",
			})
			return nil
		}
	}
	if shares != 0 {
		l.set("cpu.shares", "cpu.weight", strconv.FormatUint(Weight(shares), 10))
	}
	return nil
}

// Weight converts cpu.shares of cgroup v1 (2 to 262144, 1024 by default) to cpu.weight of v2 (1 to 10000, 100 by default).
// The exponent is the parabola through the least, the default and the greatest; runc and crun compute the same since
// 2025, for with the straight line of before the default became 39.
func Weight(shares uint64) uint64 {
	switch {
	case shares == 0:
		return 0
	case shares <= 2:
		return 1
	case shares >= 1<<18:
		return 10000
	}
	l := math.Log2(float64(shares))
	// Each product is rounded by itself, or a machine with fused multiplication answers differently.
	exponent := (float64(l*l)+float64(125*l))/612 - 7.0/34
	return uint64(math.Ceil(math.Pow(10, exponent)))
}

// cpuMax: quota and period stand in one file. What is not said there keeps its value, so that a quota without a period
// has the kernel's default, or on an update the period of before.
func (l *list) cpuMax(c *specs.LinuxCPU) error {
	period, err := periodOf(c.Period)
	if err != nil {
		return err
	}
	quota, err := quotaOf(c.Quota)
	if err != nil {
		return err
	}
	switch {
	case quota == 0 && period != 0:
		l.set("cpu.period", "cpu.max", "max "+strconv.FormatUint(period, 10))
	case quota != 0 && period == 0:
		l.set("cpu.quota", "cpu.max", orMax(quota))
	case quota != 0:
		l.set("cpu.quota", "cpu.max", orMax(quota)+" "+strconv.FormatUint(period, 10))
	}
	return l.cpuBurst(c, quota)
}

func (l *list) cpuBurst(c *specs.LinuxCPU, quota int64) error {
	if c.Burst == nil {
		return nil
	}
	burst := *c.Burst
	switch {
	case burst > maxQuota:
		return fmt.Errorf("%scpu.burst: %d µs is above %d, the most the kernel takes", root, burst, uint64(maxQuota))
	case quota > 0 && burst > uint64(quota):
		return fmt.Errorf("%scpu.burst: %d is above %scpu.quota %d: only quota that was saved can be spent", root, burst, root, quota)
	case burst == 0 && c.Quota != nil && quota == 0: // all keys filled in with zeros
		return nil
	}
	l.set("cpu.burst", "cpu.max.burst", strconv.FormatUint(burst, 10)).Optional = burst == 0
	return nil
}

func periodOf(p *uint64) (uint64, error) {
	if p == nil || *p == 0 {
		return 0, nil
	}
	if *p < minPeriod || *p > maxPeriod {
		return 0, fmt.Errorf("%scpu.period: %d µs is not between %d and %d", root, *p, minPeriod, maxPeriod)
	}
	return *p, nil
}

func quotaOf(q *int64) (int64, error) {
	switch {
	case q == nil || *q == 0:
		return 0, nil
	case *q < -1:
		return 0, fmt.Errorf("%scpu.quota: %d %w", root, *q, errNegative)
	case *q > 0 && *q < minQuota:
		return 0, fmt.Errorf("%scpu.quota: %d µs is below %d, the least the kernel takes", root, *q, minQuota)
	case *q > maxQuota:
		return 0, fmt.Errorf("%scpu.quota: %d µs is above %d, the most the kernel takes", root, *q, int64(maxQuota))
	}
	return *q, nil
}
