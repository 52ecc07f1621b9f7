package test

import (
	"os"
	"strings"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
)

// TestKeepGroups: by flag and by annotation, for the container and for exec.
func TestKeepGroups(t *testing.T) {
	// A user gets groups from root alone; of those there are at least the primary one, which a new session lists.
	groups, err := os.Getgroups()
	if err != nil {
		t.Fatal(err)
	}
	if len(groups) == 0 {
		t.Fatal("the caller has no supplementary groups, and the test shows nothing")
	}
	keep := func(value string) change {
		return func(s *specs.Spec) { s.Annotations = map[string]string{"run.oci.keep_original_groups": value} }
	}
	count := func(r result) int { return len(strings.Fields(r.exits(0).stdout)) }
	c := newCaller(t)
	for name, tc := range map[string]struct {
		flags []string
		set   change
		kept  bool
	}{
		"not asked":       {nil, func(*specs.Spec) {}, false},
		"flag":            {[]string{"--keep-groups"}, func(*specs.Spec) {}, true},
		"annotation":      {nil, keep("1"), true},
		"annotation says": {nil, keep("0"), false},
	} {
		t.Run(name, func(t *testing.T) {
			want := 0
			if tc.kept {
				want = len(groups)
			}
			line := append(append([]string{"run"}, tc.flags...), "-b", c.bundle(tc.set, inside("status Groups")), c.id)
			if r := c.urun(line...); count(r) != want {
				t.Errorf("want %d groups\n%s", want, r)
			}
			c := newCaller(t)
			c.must(append(append([]string{"create"}, tc.flags...), "-b", c.bundle(tc.set, inside("forever")), c.id)...)
			c.must("start", c.id)
			if r := c.exec("", "status Groups"); count(r) != want {
				t.Errorf("want %d groups\n%s", want, r)
			}
			if tc.kept {
				c.exec("-g 5", "id").refuses(255, "--additional-gids", "run.oci.keep_original_groups")
			}
			c.must("delete", "-f", c.id)
		})
	}
	c.run(keep("1"), user(0, 0, 5), inside("print ok")).exits(0).prints("ok").complains("URUN-ID-002")
}

// TestAdditionalGids: any that are mapped, and none with one id.
func TestAdditionalGids(t *testing.T) {
	c := newCaller(t)
	c.run(user(1, 2, 5, 7), inside("id")).exits(0).prints("uid=1 gid=2 groups=5 7")
	c.refused(c.bundle(user(0, 0, 5, 99999999)), "process.user.additionalGids[1]: 99999999 is not mapped")
	c.refused(c.bundle(singleMap, user(0, 0, 0)), "process.user.additionalGids: with one id mapped the kernel allows no change of groups")
}
