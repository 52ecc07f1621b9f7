// Package sandbox brings the process of a container into the world and talks with it until it has become the container's
// own. Both halves of the conversation can be read here: what the child says is emitted by the steps of its plan (Tell and
// Await in package program), what the parent answers stands in this package.
//
//	parent                                               child, running its program
//	fork: namespaces, pidfd, signals blocked        ──▶  closes what is not its own
//	newuidmap ∥ newgidmap (more than one id)             waits for the maps
//	── consent ─────────────────────────────────────▶   becomes root inside, makes its world
//	◀─────────────────────────── call-out n, notice n    waits, where it called out
//	── consent ─────────────────────────────────────▶
//	◀──────────────────────────────────────── ready      waits
//	writes down what it knows
//	── consent ─────────────────────────────────────▶   create: waits on start.sock for one more consent
//	                                                     execve: its end of the socket closes
//	end of file: it runs · failed (call, errno): it does not
//
// Everything that the parent does to the child happens while the child does nothing. A consent that never comes, because
// the parent is dead, reads as end of file, and the child ends.
package sandbox
