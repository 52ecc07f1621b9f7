package host

import (
	"slices"
	"testing"
)

// TestFilterFlags: what every kernel has that urun runs on, and what none has.
func TestFilterFlags(t *testing.T) {
	for _, want := range []string{"SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_SPEC_ALLOW", "SECCOMP_FILTER_FLAG_TSYNC"} {
		if got := FilterFlags(); !slices.Contains(got, want) {
			t.Errorf("%s is not in %s", want, got)
		}
	}
	if hasFilterFlag(1 << 30) {
		t.Error("a flag that does not exist is there")
	}
}
