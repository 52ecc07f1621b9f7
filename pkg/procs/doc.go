// Package procs finds the processes of a container without a cgroup, by a namespace that they share and no other process is
// in, and adds up their memory.
package procs
