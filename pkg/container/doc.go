// Package container has the verbs of a container's life: create, start, run, exec, kill, delete, pause, resume, update, and the
// questions state, list, ps, usage, events and ports. A verb is a method of Runtime and has a file of its own; it speaks neither
// flags nor exit texts, which are the command line's.
package container
