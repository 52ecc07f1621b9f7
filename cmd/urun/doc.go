// Command urun runs OCI containers without root.
//
// It speaks runc's command line, so that conmon, containerd, podman and buildah can call it, and it adds what
// people ask for: a bundle found by name, `plan` to see what would be done, `unshare` to clean up.
//
// Each command is one file: a struct whose tags are its flags, and a Run method. Package kong reads the tags, but
// reading those of twenty commands takes longer than most commands do. So argv.go first finds out which command
// is meant, and model.go builds the model of that one alone; only help and completion pay for all of them.
//
// How urun talks:
//
//   - answers go to stdout, everything else to stderr or to --log;
//   - an error is one line, `urun: create redis: …`, and what to do about it stands in lines of its own below;
//   - a notice tells what could not be had in full. It goes to the log when there is one, and is never mixed into
//     the answers of state, ps, list and features, which programs read with stderr merged in;
//   - the exit code is the container's for run and exec, 1 for errors, 255 for errors of exec.
package main
