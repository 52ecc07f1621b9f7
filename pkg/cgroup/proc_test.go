package cgroup

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseProc(t *testing.T) {
	for name, test := range map[string]struct {
		content string
		want    Membership
		err     string
	}{
		"nothing": {"", Membership{Layout: None, V1: map[string]string{}}, ""},
		"unified": {"0::/user.slice/user-1000.slice/session-2.scope\n",
			Membership{Layout: Unified, Unified: "/user.slice/user-1000.slice/session-2.scope", V1: map[string]string{}}, ""},
		"a namespace's root": {"0::/", Membership{Layout: Unified, Unified: "/", V1: map[string]string{}}, ""},
		"outside of the namespace, with colons": {"0::/../a:b:c\n",
			Membership{Layout: Unified, Unified: "/../a:b:c", V1: map[string]string{}}, ""},
		"deleted": {"0::/gone (deleted)\n", Membership{Layout: Unified, Unified: "/gone", Deleted: true, V1: map[string]string{}}, ""},
		"hybrid": {"12:cpu,cpuacct:/a\n1:name=systemd:/b\n0::/c\n",
			Membership{Layout: Hybrid, Unified: "/c", V1: map[string]string{"cpu": "/a", "cpuacct": "/a", "name=systemd": "/b"}}, ""},
		"legacy":        {"2:pids:/\n", Membership{Layout: Legacy, V1: map[string]string{"pids": "/"}}, ""},
		"no path":       {"0::\n", Membership{}, `line 1 of /proc/PID/cgroup: "0::" is not ID:CONTROLLERS:PATH`},
		"no id":         {"0::/\nx:pids:/\n", Membership{}, `line 2`},
		"a single word": {"hello", Membership{}, `"hello" is not`},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := ParseProc(test.content)
			if test.err != "" {
				if err == nil || !strings.Contains(err.Error(), test.err) {
					t.Fatalf("error %v, want %q", err, test.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func FuzzParseProc(f *testing.F) {
	for _, s := range []string{"", "0::/", "3:a,b:/x\n0::/y (deleted)\n", ":::", "0::/a\x00b", "\n\n"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, content string) {
		m, err := ParseProc(content)
		if err != nil {
			return
		}
		if (m.Layout == Unified || m.Layout == Hybrid) != (m.Unified != "") {
			t.Errorf("layout %s with the path %q", m.Layout, m.Unified)
		}
		if m.Unified != "" && !strings.HasPrefix(m.Unified, "/") {
			t.Errorf("path %q", m.Unified)
		}
		Locate([]Mount{{"/", "/sys/fs/cgroup"}}, m.Unified)
	})
}

func TestMounts(t *testing.T) {
	mounts := ParseMounts(strings.Join([]string{
		"24 30 0:22 / /sys/fs/cgroup ro,nosuid shared:9 - tmpfs tmpfs ro",
		"31 24 0:26 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw,nsdelegate",
		"32 24 0:27 / /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids",
		`40 24 0:26 /user.slice/a\040b /mnt/with\040blank rw - cgroup2 none rw`,
		"garbage", "",
	}, "\n"))
	want := []Mount{{"/user.slice/a b", "/mnt/with blank"}, {"/", "/sys/fs/cgroup/unified"}}
	if diff := cmp.Diff(want, mounts); diff != "" {
		t.Fatal(diff)
	}
	for path, want := range map[string]string{
		"/user.slice/a b/c": "/mnt/with blank/c",
		"/user.slice/a b":   "/mnt/with blank",
		"/user.slice/ab":    "/sys/fs/cgroup/unified/user.slice/ab",
		"/":                 "/sys/fs/cgroup/unified",
		"/../x":             "",
		"":                  "",
	} {
		if got, ok := Locate(mounts, path); got != want || ok != (want != "") {
			t.Errorf("%q is at %q, %v; want %q", path, got, ok, want)
		}
	}
}

func FuzzParseMounts(f *testing.F) {
	f.Add("31 24 0:26 / /sys\\040x rw - cgroup2 cgroup2 rw")
	f.Add("1 2 3 4 5 6 - cgroup2 ")
	f.Fuzz(func(t *testing.T, content string) {
		for _, m := range ParseMounts(content) {
			if m.Point == "" || m.Root == "" {
				t.Errorf("%+v of %q", m, content)
			}
		}
	})
}
