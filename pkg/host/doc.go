// Package host finds out what this machine, as this caller meets it, allows: Detect as a value for package plan
// before anything is done, Explain after the kernel or a helper said no.
//
// Detect is paid by every command that starts a container, so it looks at files and asks the kernel but never tries
// anything out: no namespace is created and no program started (but getsubids where the machine is set up for it).
// Explain may take its time.
package host
