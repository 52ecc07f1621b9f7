package cgroup

// Event puts the stats into runc's words, for container id.
func (s Stats) Event(id string) Event {
	d := &EventData{Hugetlb: map[string]EventHugetlb{}}
	d.CPU = s.CPU.event()
	if s.Memory != nil {
		d.Memory = s.Memory.event()
	}
	if s.Pids != nil {
		d.Pids.Current = s.Pids.Current
		if s.Pids.Max != NoLimit {
			d.Pids.Limit = s.Pids.Max
		}
	}
	for _, io := range s.IO {
		d.Blkio.IoServiceBytesRecursive = append(d.Blkio.IoServiceBytesRecursive,
			EventBlkioEntry{io.Major, io.Minor, "Read", io.ReadBytes}, EventBlkioEntry{io.Major, io.Minor, "Write", io.WriteBytes})
		d.Blkio.IoServicedRecursive = append(d.Blkio.IoServicedRecursive,
			EventBlkioEntry{io.Major, io.Minor, "Read", io.Reads}, EventBlkioEntry{io.Major, io.Minor, "Write", io.Writes})
	}
	d.Blkio.PSI = s.IOPSI.event()
	for size, h := range s.Hugetlb {
		d.Hugetlb[size] = EventHugetlb{Usage: h.Current, Failcnt: h.Refused}
	}
	return Event{Type: "stats", ID: id, Data: d}
}

func (c CPUStats) event() EventCPU {
	var e EventCPU
	const nanoseconds = 1000
	e.Usage.Total, e.Usage.User, e.Usage.Kernel = c.Usage*nanoseconds, c.User*nanoseconds, c.System*nanoseconds
	e.Throttling.Periods, e.Throttling.ThrottledPeriods = c.Periods, c.Throttled
	e.Throttling.ThrottledTime = c.ThrottledTime * nanoseconds
	e.PSI = c.PSI.event()
	return e
}

func (m *MemoryStats) event() EventMemory {
	return EventMemory{
		Cache:      m.Stat["file"],
		Usage:      EventAmount{Limit: m.Max, Usage: m.Current, Max: m.Peak, Failcnt: m.AtMax},
		Swap:       EventAmount{Limit: sum(m.Max, m.SwapMax), Usage: sum(m.Current, m.SwapCurrent)},
		Raw:        m.Stat,
		PSI:        m.PSI.event(),
		EventCount: EventCounts{m.Low, m.High, m.AtMax, m.OOM, m.OOMKill, m.OOMGroupKill},
	}
}

// sum adds two amounts of which either may be NoLimit.
func sum(a, b uint64) uint64 {
	if a+b < a {
		return NoLimit
	}
	return a + b
}

func (p *Pressure) event() *EventPressure {
	if p == nil {
		return nil
	}
	return &EventPressure{Some: p.Some.event(), Full: p.Full.event()}
}

func (s Stall) event() *EventStall { return &EventStall{s.Avg10, s.Avg60, s.Avg300, s.Total} }
