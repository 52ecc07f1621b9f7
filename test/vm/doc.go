// Package vm holds the tests that need a host with systemd, cgroup v2 and a user's session: they run in a guest that has
// these (make test-vm). A test for the user whom the administrator gave every controller has any name; one for a user with
// what the distribution delegates is called TestPlain….
//
// The files have the build tag vm, so that a plain go test of everything leaves them out. Asked for on a host that has not
// what they need, they fail and say what that is.
package vm
