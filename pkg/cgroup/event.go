package cgroup

// Event is one line of `events`, in the format of runc, which containerd reads.
type Event struct {
	Type string     `json:"type"` // stats or oom
	ID   string     `json:"id"`
	Data *EventData `json:"data,omitempty"`
}

// EventData has the names of runc's types.Stats. Keys of cgroup v1 that v2 has no value for are there and zero.
type EventData struct {
	CPU               EventCPU                `json:"cpu"`
	CPUSet            EventCPUSet             `json:"cpuset"`
	Memory            EventMemory             `json:"memory"`
	Pids              EventPids               `json:"pids"`
	Blkio             EventBlkio              `json:"blkio"`
	Hugetlb           map[string]EventHugetlb `json:"hugetlb"`
	IntelRdt          struct{}                `json:"intel_rdt"`
	NetworkInterfaces []EventNetwork          `json:"network_interfaces"`
}

// EventCPU has times in nanoseconds.
type EventCPU struct {
	Usage struct {
		Total  uint64 `json:"total,omitempty"`
		Kernel uint64 `json:"kernel"`
		User   uint64 `json:"user"`
	} `json:"usage"`
	Throttling struct {
		Periods          uint64 `json:"periods,omitempty"`
		ThrottledPeriods uint64 `json:"throttledPeriods,omitempty"`
		ThrottledTime    uint64 `json:"throttledTime,omitempty"`
	} `json:"throttling"`
	PSI *EventPressure `json:"psi,omitempty"`
}

// EventCPUSet is cgroup v1's.
type EventCPUSet struct {
	CPUExclusive          uint64 `json:"cpu_exclusive"`
	MemHardwall           uint64 `json:"mem_hardwall"`
	MemExclusive          uint64 `json:"mem_exclusive"`
	MemoryMigrate         uint64 `json:"memory_migrate"`
	MemorySpreadPage      uint64 `json:"memory_spread_page"`
	MemorySpreadSlab      uint64 `json:"memory_spread_slab"`
	MemoryPressure        uint64 `json:"memory_pressure"`
	SchedLoadBalance      uint64 `json:"sched_load_balance"`
	SchedRelaxDomainLevel int64  `json:"sched_relax_domain_level"`
}

// EventAmount is a use of memory with its limit, in bytes. Failcnt is how often the limit was reached.
type EventAmount struct {
	Limit   uint64 `json:"limit"`
	Usage   uint64 `json:"usage,omitempty"`
	Max     uint64 `json:"max,omitempty"`
	Failcnt uint64 `json:"failcnt"`
}

// EventMemory has memory and swap together in Swap, as v1 counted.
type EventMemory struct {
	Cache      uint64            `json:"cache,omitempty"`
	Usage      EventAmount       `json:"usage"`
	Swap       EventAmount       `json:"swap"`
	Kernel     EventAmount       `json:"kernel"`
	KernelTCP  EventAmount       `json:"kernelTCP"`
	Raw        map[string]uint64 `json:"raw,omitempty"`
	PSI        *EventPressure    `json:"psi,omitempty"`
	EventCount EventCounts       `json:"event_count"`
}

// EventCounts is memory.events.
type EventCounts struct {
	Low          uint64 `json:"low"`
	High         uint64 `json:"high"`
	Max          uint64 `json:"max"`
	OOM          uint64 `json:"oom"`
	OOMKill      uint64 `json:"oom_kill"`
	OOMGroupKill uint64 `json:"oom_group_kill"`
}

// EventPids has the limit 0 where there is none.
type EventPids struct {
	Current uint64 `json:"current,omitempty"`
	Limit   uint64 `json:"limit,omitempty"`
}

// EventBlkio has two of v1's tables; v2 counts no others.
type EventBlkio struct {
	IoServiceBytesRecursive []EventBlkioEntry `json:"ioServiceBytesRecursive,omitempty"`
	IoServicedRecursive     []EventBlkioEntry `json:"ioServicedRecursive,omitempty"`
	PSI                     *EventPressure    `json:"psi,omitempty"`
}

// EventBlkioEntry counts one operation, Read or Write, on one device.
type EventBlkioEntry struct {
	Major uint64 `json:"major,omitempty"`
	Minor uint64 `json:"minor,omitempty"`
	Op    string `json:"op,omitempty"`
	Value uint64 `json:"value,omitempty"`
}

// EventHugetlb is the use of pages of one size, in bytes.
type EventHugetlb struct {
	Usage   uint64 `json:"usage,omitempty"`
	Max     uint64 `json:"max,omitempty"`
	Failcnt uint64 `json:"failcnt"`
}

// EventPressure is Pressure.
type EventPressure struct {
	Some *EventStall `json:"some,omitempty"`
	Full *EventStall `json:"full,omitempty"`
}

// EventStall is Stall.
type EventStall struct {
	Avg10  float64 `json:"avg10"`
	Avg60  float64 `json:"avg60"`
	Avg300 float64 `json:"avg300"`
	Total  uint64  `json:"total"`
}

// EventNetwork is one interface of the container. Its keys are spelled as runc's, which have no tags.
type EventNetwork struct {
	Name                                    string
	RxBytes, RxPackets, RxErrors, RxDropped uint64
	TxBytes, TxPackets, TxErrors, TxDropped uint64
}
