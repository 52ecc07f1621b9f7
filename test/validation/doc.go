// Package validation runs the programs of the OCI runtime-tools validation suite against urun, as an ordinary user. It is a module
// of its own, so that urun's go.mod knows nothing of what the suite needs. Its go.mod names the version of the suite and, as tools,
// the programs that are run; those that are not are in programs_test.go with the reason. hack/validation.sh builds and runs it all.
package validation
