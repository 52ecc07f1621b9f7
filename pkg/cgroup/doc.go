// Package cgroup knows cgroup v2 as an ordinary user meets it.
//
// One half decides and touches nothing: Settings turns linux.resources into a list of files and values, Properties turns
// that list into what systemd calls them, ParseUnit and Resolve read the two forms of linux.cgroupsPath, ParseProc reads
// /proc/self/cgroup. The other half acts on a Dir, a directory of the hierarchy that is held open: it makes cgroups, applies
// settings, adds, freezes, kills and counts processes, and removes what it made.
//
// Nothing here speaks to systemd; that is pkg/bus, whose type of a property is used. See cgroups(7) and
// Documentation/admin-guide/cgroup-v2.rst of the kernel.
package cgroup
