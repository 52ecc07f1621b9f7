// Package state keeps what urun knows about its containers between one command and the next: one private
// directory per container.
//
//	<root>/<id>/lock         held with flock(2) by whoever changes the container
//	<root>/<id>/state.json   the record: facts only
//	<root>/<id>/config.json  the config as it was when the container was created
//	<root>/<id>/start.sock   the created container waits here for start
//
// A record says what was done, never how things stand now: whether a container runs is worked out when somebody
// asks, from its pid, the pid's start time and the id of the boot. So a crash, a reboot or a SIGKILL of urun
// leaves nothing that has to be repaired: state.json is replaced in one rename, locks end with their process, and
// a directory nobody finished is taken over by the next Create.
//
// Readers take no lock: a rename shows them the old record or the new one. Writers hold the lock.
package state
