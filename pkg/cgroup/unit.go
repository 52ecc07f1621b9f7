package cgroup

// Properties describes the unit to StartTransientUnit: a scope around the process pid (0: none yet), in which the
// caller makes cgroups as it likes (Delegate), and which leaves nothing when its last process has ended, however it
// ended (CollectMode).
func (u Unit) Properties(pid int, description string) []Property {
	list := []Property{
		{Name: "Description", Value: description},
		{Name: "Slice", Value: u.Slice},
		{Name: "Delegate", Value: true},
		{Name: "CollectMode", Value: "inactive-or-failed"},
		// What is not counted from the start is not counted right.
		{Name: "CPUAccounting", Value: true},
		{Name: "MemoryAccounting", Value: true},
		{Name: "TasksAccounting", Value: true},
		{Name: "IOAccounting", Value: true},
	}
	if pid > 0 {
		list = append(list, Property{Name: "PIDs", Value: []uint32{uint32(pid)}})
	}
	return list
}

// Merge puts more behind list; a property that is in both has the value of more.
func Merge(list, more []Property) []Property {
	l := properties{list: append([]Property(nil), list...), version: 1 << 30}
	for _, p := range more {
		l.put(0, p.Name, p.Value)
	}
	return l.list
}
