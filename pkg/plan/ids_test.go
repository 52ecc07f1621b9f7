package plan_test

import (
	"strings"
	"testing"

	specs "github.com/opencontainers/runtime-spec/specs-go"

	"github.com/urun/urun/pkg/idmap"
	"github.com/urun/urun/pkg/plan"
)

// TestWhoMapsWhat: the id map for each kind of host, and the notice where it is less than a range.
func TestWhoMapsWhat(t *testing.T) {
	const full, one = "0:1000:1 1:100000:65536", "0:1000:1"
	given := specs.LinuxIDMapping{ContainerID: 0, HostID: 100000, Size: 5}
	for name, tc := range map[string]struct {
		host  string
		maps  []specs.LinuxIDMapping
		uid   uint32
		want  string
		by    plan.MapBy
		codes string
	}{
		"a range":                    {"full", nil, 0, full, plan.MapHelpers, ""},
		"a range, another user":      {"full", nil, 1000, full, plan.MapHelpers, ""},
		"a range, one id asked":      {"full", idmap.One(0, 1000), 0, one, plan.MapSelf, ""},
		"a range, its own lines":     {"full", []specs.LinuxIDMapping{given}, 0, "0:100000:5", plan.MapHelpers, ""},
		"no range":                   {"single", nil, 0, one, plan.MapSelf, "URUN-ID-001"},
		"no range, another user":     {"single", nil, 7, "7:1000:1", plan.MapSelf, "URUN-ID-001"},
		"no range, lines given":      {"single", []specs.LinuxIDMapping{given}, 0, one, plan.MapSelf, "URUN-ID-001"},
		"no helper":                  {"nohelper", nil, 0, one, plan.MapSelf, "URUN-ID-001"},
		"no helper, another user":    {"nohelper", nil, 7, "7:1000:1", plan.MapSelf, "URUN-ID-001"},
		"no helper, but not needed":  {"nohelper", idmap.One(0, 1000), 0, one, plan.MapSelf, ""},
		"root":                       {"root", nil, 0, "0:0:1 1:100000:65536", plan.MapDirect, ""},
		"root, ids it does not own":  {"root", []specs.LinuxIDMapping{{HostID: 7, Size: 9}}, 0, "0:7:9", plan.MapDirect, ""},
		"an engine's user namespace": {"nested", idmap.Map{{HostID: 1, Size: 9}}, 0, "0:1:9", plan.MapDirect, ""},
	} {
		t.Run(name, func(t *testing.T) {
			spec := with(t, `{}`)
			spec.Linux.UIDMappings, spec.Linux.GIDMappings = tc.maps, tc.maps
			spec.Process.User.UID, spec.Process.User.GID = tc.uid, tc.uid
			p, err := plan.Compile(spec, hosts[tc.host], options())
			if err != nil {
				t.Fatal(err)
			}
			b := p.Birth
			if b.UIDMap.String() != tc.want || b.GIDMap.String() != tc.want || b.MapBy != tc.by {
				t.Errorf("maps %s, %s by %s; want %s by %s", b.UIDMap, b.GIDMap, b.MapBy, tc.want, tc.by)
			}
			if b.SetGroups != (tc.by != plan.MapSelf) {
				t.Errorf("setgroups allowed: %v", b.SetGroups)
			}
			if got := codes(p.Notices); got != tc.codes {
				t.Errorf("notices %q, want %q", got, tc.codes)
			}
		})
	}
}

func codes(list []plan.Notice) string {
	var c []string
	for _, n := range list {
		c = append(c, n.Code)
	}
	return strings.Join(c, " ")
}

// TestGroupsWithOneID: setgroups(2) is denied there, and what cannot be had is not passed over.
func TestGroupsWithOneID(t *testing.T) {
	spec := with(t, `{"process": {"user": {"additionalGids": [0]}}}`)
	_, err := plan.Compile(spec, hosts["single"], options())
	const want = "process.user.additionalGids: with one id mapped the kernel allows no change of groups (setgroups is denied)"
	if err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
}

// TestNamespaceNotices: the user namespace that is added, unless an engine made one; the pid namespace that is missed.
func TestNamespaceNotices(t *testing.T) {
	for _, tc := range []struct{ host, namespaces, born, codes string }{
		{"full", `{"type": "mount"}, {"type": "pid"}, {"type": "user"}`, "user,mount,pid", ""},
		{"full", `{"type": "mount"}, {"type": "pid"}`, "user,mount,pid", "URUN-NS-001"},
		{"root", `{"type": "mount"}, {"type": "pid"}`, "user,mount,pid", "URUN-NS-001"},
		{"nested", `{"type": "mount"}, {"type": "pid"}`, "mount,pid", ""},
		{"full", `{"type": "mount"}, {"type": "user"}`, "user,mount", "URUN-NS-002"},
	} {
		p, err := plan.Compile(with(t, `{"linux": {"namespaces": [`+tc.namespaces+`]}}`), hosts[tc.host], options())
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(p.String(), "born in new "+tc.born+"\n") || codes(p.Notices) != tc.codes {
			t.Errorf("%s with %s: notices %s, plan\n%s", tc.host, tc.namespaces, codes(p.Notices), p)
		}
	}
}
