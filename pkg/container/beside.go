package container

import (
	"errors"
	"math"
	"slices"

	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/bus"
	"github.com/urun/urun/pkg/cgroup"
	"github.com/urun/urun/pkg/companion"
	"github.com/urun/urun/pkg/state"
)

// urun-monitor has a cgroup of its own in the container's scope, beside the one that holds the container: it keeps the scope
// alive until all has been read, and no limit of the container's meets it. The scope around both may have so much more: what the
// monitor used before it came into the scope, which is nearly all, is counted where it was then.
const (
	monitorLeaf   = "monitor"
	monitorMemory = 4 << 20 // bytes
	monitorTasks  = 8       // the threads of a Go program that does next to nothing, and some

	// With a network there are its helpers too, which are started in the scope, and what they carry.
	networkMemory = 64 << 20 // bytes
	networkTasks  = 56
)

// startScope starts the scope around the container's process and, where there is one, its monitor.
func (p *placing) startScope(pid int, list []cgroup.Property) error {
	if p.monitor == 0 {
		return p.start(p.want.Unit.Name, list)
	}
	err := p.start(p.want.Unit.Name, besideMonitor(list, pid, p.monitor, p.networked))
	if err == nil {
		return nil
	}
	if _, ended, gone := state.ProcessState(p.monitor); gone != nil || ended { // systemd takes no dead process
		p.monitor = 0
		return p.start(p.want.Unit.Name, list)
	}
	return err
}

// besideMonitor makes room in a scope for the monitor.
func besideMonitor(list []cgroup.Property, pid, monitor int, networked bool) []cgroup.Property {
	list = roomForMonitor(list, networked)
	return cgroup.Merge(list, []cgroup.Property{{Name: "PIDs", Value: []uint32{uint32(pid), uint32(monitor)}}})
}

// inScope says whether urun-monitor is in the scope of the container that it watches.
func inScope(m *state.Monitor) bool {
	return m != nil && m.By == companion.Name && m.Pid != 0 && slices.Contains(m.Duties, companion.Kills)
}

// roomForMonitor raises the limits of a scope by what the monitor in it may need.
func roomForMonitor(list []bus.Property, networked bool) []bus.Property {
	memory, tasks := uint64(monitorMemory), uint64(monitorTasks)
	if networked {
		memory, tasks = memory+networkMemory, tasks+networkTasks
	}
	more := map[string]uint64{"MemoryMax": memory, "MemoryHigh": memory, "TasksMax": tasks}
	roomy := append([]bus.Property(nil), list...)
	for i, p := range roomy {
		if n, ok := p.Value.(uint64); ok && n < math.MaxUint64-more[p.Name] {
			roomy[i].Value = n + more[p.Name]
		}
	}
	return roomy
}

// station puts the monitor into its own cgroup of the scope, where it is when the scope has been started.
func (p *placing) station(scope *cgroup.Dir) error {
	if p.monitor == 0 {
		return nil
	}
	d, err := scope.Make(monitorLeaf)
	if err != nil {
		return err
	}
	defer d.Close()
	if err := d.Add(p.monitor); err != nil && !errors.Is(err, unix.ESRCH) {
		return err
	}
	return nil
}
