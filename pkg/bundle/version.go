package bundle

import (
	"errors"
	"fmt"
	"strings"
)

// checkVersion says whether the version of the spec that a config was written for is one that urun knows: all
// of 1.x, whose later members only add (runtime-spec principles follow semver.org).
func checkVersion(v string) error {
	if v == "" {
		return errors.New(`ociVersion is missing; "1.0.2" would do`)
	}
	core, _, _ := strings.Cut(v, "+")
	core, _, _ = strings.Cut(core, "-")
	parts := strings.Split(core, ".")
	if len(parts) != 3 {
		return fmt.Errorf("ociVersion %q is not a version like 1.0.2", v)
	}
	for _, p := range parts {
		if !digits(p) {
			return fmt.Errorf("ociVersion %q is not a version like 1.0.2", v)
		}
	}
	if parts[0] != "1" {
		return fmt.Errorf("ociVersion %q is not supported, only 1.x is", v)
	}
	return nil
}

func digits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != "" && len(s) < 10
}
