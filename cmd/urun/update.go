package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	specs "github.com/opencontainers/runtime-spec/specs-go"

	"github.com/urun/urun/pkg/bundle"
)

type updateCmd struct {
	Resources     string `name:"resources" short:"r" placeholder:"FILE" about:"Read limits from FILE, JSON like linux.resources of a config.json, or from standard input with -. Other flags win over it."`
	BlkioWeight   string `name:"blkio-weight" placeholder:"N" about:"Share of I/O beside other cgroups, from 10 to 1000."`
	CPUPeriod     string `name:"cpu-period" placeholder:"N" about:"Period of the quota, in microseconds."`
	CPUQuota      string `name:"cpu-quota" placeholder:"N" about:"CPU time in each period, in microseconds; -1 for no limit."`
	CPUBurst      string `name:"cpu-burst" placeholder:"N" about:"Saved quota that may be spent at once, in microseconds."`
	CPUShare      string `name:"cpu-share" placeholder:"N" about:"Share of CPU time beside other cgroups, from 2 to 262144; 1024 is usual."`
	CPUIdle       string `name:"cpu-idle" placeholder:"N" about:"1: run only when nothing else wants to; 0: as usual."`
	CPURtPeriod   string `name:"cpu-rt-period" placeholder:"N" about:"Period of real-time, in microseconds; cgroup v2 has none."`
	CPURtRuntime  string `name:"cpu-rt-runtime" placeholder:"N" about:"Real-time in each period, in microseconds; cgroup v2 has none."`
	CpusetCpus    string `name:"cpuset-cpus" placeholder:"LIST" about:"CPUs to use, such as 0-3,7."`
	CpusetMems    string `name:"cpuset-mems" placeholder:"LIST" about:"Memory nodes to use."`
	Memory        string `name:"memory" placeholder:"SIZE" about:"Limit of memory, in bytes or such as 64m; -1 for none. Below what is in use the kernel takes memory back, and kills where it cannot."`
	MemoryReserve string `name:"memory-reservation" placeholder:"SIZE" about:"Memory that is not taken away while others have some to spare."`
	MemorySwap    string `name:"memory-swap" placeholder:"SIZE" about:"Limit of memory and swap together; -1 for no limit of swap."`
	PidsLimit     string `name:"pids-limit" placeholder:"N" about:"Most processes and threads; -1 for no limit."`
	L3CacheSchema string `name:"l3-cache-schema" placeholder:"SCHEMA" about:"Intel RDT; needs root."`
	MemBwSchema   string `name:"mem-bw-schema" placeholder:"SCHEMA" about:"Intel RDT; needs root."`
	KernelMemory  string `name:"kernel-memory" placeholder:"SIZE" hidden:"" about:"Has no effect any more."`
	KernelTCP     string `name:"kernel-memory-tcp" placeholder:"SIZE" hidden:"" about:"Has no effect any more."`
	target
}

// Run changes the limits.
func (c *updateCmd) Run(app *App) error {
	if c.L3CacheSchema != "" || c.MemBwSchema != "" {
		return errors.New("--l3-cache-schema, --mem-bw-schema: needs the host's resctrl, which is root's")
	}
	r, err := c.read(app)
	if err != nil {
		return err
	}
	if err := c.flags(r); err != nil {
		return err
	}
	rt, err := app.Runtime()
	if err != nil {
		return err
	}
	return rt.Update(c.ID, r)
}

// read reads the file of --resources, if one is named.
func (c *updateCmd) read(app *App) (*specs.LinuxResources, error) {
	if c.Resources == "" {
		return &specs.LinuxResources{}, nil
	}
	var raw []byte
	var err error
	if c.Resources == "-" {
		raw, err = io.ReadAll(app.Stdin)
	} else {
		raw, err = os.ReadFile(c.Resources)
	}
	if err != nil {
		return nil, fmt.Errorf("--resources: %w", err)
	}
	r, err := bundle.DecodeResources(raw)
	if err != nil {
		return nil, fmt.Errorf("--resources %s: %w", c.Resources, err)
	}
	return r, nil
}

// flags puts the flags over what the file says.
func (c *updateCmd) flags(r *specs.LinuxResources) error {
	memory, cpu, pids, io := of(&r.Memory), of(&r.CPU), of(&r.Pids), of(&r.BlockIO)
	set(&cpu.Cpus, c.CpusetCpus)
	set(&cpu.Mems, c.CpusetMems)
	err := errors.Join(
		number(&io.Weight, "blkio-weight", c.BlkioWeight, parseWeight),
		number(&cpu.Period, "cpu-period", c.CPUPeriod, parseUint), number(&cpu.Quota, "cpu-quota", c.CPUQuota, parseInt),
		number(&cpu.Burst, "cpu-burst", c.CPUBurst, parseUint), number(&cpu.Shares, "cpu-share", c.CPUShare, parseUint),
		number(&cpu.Idle, "cpu-idle", c.CPUIdle, parseInt), number(&cpu.RealtimePeriod, "cpu-rt-period", c.CPURtPeriod, parseUint),
		number(&cpu.RealtimeRuntime, "cpu-rt-runtime", c.CPURtRuntime, parseInt),
		number(&memory.Limit, "memory", c.Memory, parseSize), number(&memory.Reservation, "memory-reservation", c.MemoryReserve, parseSize),
		number(&memory.Swap, "memory-swap", c.MemorySwap, parseSize), number(&pids.Limit, "pids-limit", c.PidsLimit, parseLimit),
		//lint:ignore SA1019 who still asks for it is told that it is gone
		number(&memory.Kernel, "kernel-memory", c.KernelMemory, parseSize), number(&memory.KernelTCP, "kernel-memory-tcp", c.KernelTCP, parseSize),
	)
	prune(r)
	return err
}

// of is the part of the resources that p points to, made if need be.
func of[T any](p **T) *T {
	if *p == nil {
		*p = new(T)
	}
	return *p
}

// prune takes away the parts about which nothing is said.
func prune(r *specs.LinuxResources) {
	if *r.Memory == (specs.LinuxMemory{}) {
		r.Memory = nil
	}
	if *r.CPU == (specs.LinuxCPU{}) {
		r.CPU = nil
	}
	if *r.Pids == (specs.LinuxPids{}) {
		r.Pids = nil
	}
}

func set(to *string, value string) {
	if value != "" {
		*to = value
	}
}
