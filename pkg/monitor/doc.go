// Package monitor is what urun-monitor does: it takes an order from urun (see package companion), watches one container, and ends
// with it. What it finds out it writes into the container's state directory (state.Report).
//
// A new kind of duty is one more entry in the table of duties, and one more file.
//
// containerd/cgroups tells what happens in a cgroup. It is linked into urun-monitor only: it would cost each start of urun 0.8 ms.
// What is used of it (Load, EventChan, StatFiltered) acts on a cgroup that is there already; its dealings with systemd and its
// translation of resources are not used.
package monitor
