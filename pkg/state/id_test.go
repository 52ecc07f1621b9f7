package state

import (
	"path/filepath"
	"strings"
	"testing"
)

func TestValidID(t *testing.T) {
	for id, ok := range map[string]bool{
		"redis": true, "a": true, "A_b+c-d.9": true, "...": true, ".a": true, "-x": true,
		strings.Repeat("x", 1024): true, strings.Repeat("x", 1025): false,
		"": false, ".": false, "..": false, "a/b": false, "/": false, "a b": false, "a\x00": false, "é": false, "a\n": false,
	} {
		if err := ValidID(id); (err == nil) != ok {
			t.Errorf("ValidID(%.40q) = %v", id, err)
		}
	}
}

func FuzzValidID(f *testing.F) {
	for _, s := range []string{"", ".", "..", "a/../b", "redis", "x\x00y", strings.Repeat("a", 1025)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, id string) {
		if ValidID(id) != nil {
			return
		}
		// A valid id is one component of a path, below the root.
		if p := filepath.Join("/root", id); filepath.Dir(p) != "/root" || filepath.Base(p) != id {
			t.Errorf("%q leads to %s", id, p)
		}
		if strings.ContainsAny(id, "/\x00\n ") || len(id) > 1024 {
			t.Errorf("%q is called valid", id)
		}
	})
}
