package cgroup

import (
	"strings"
	"testing"
)

func TestParseUnit(t *testing.T) {
	for _, test := range []struct{ path, id, want, err string }{
		{"", "redis", "app.slice/urun-redis.scope", ""},
		{"user.slice:libpod:0123ab", "x", "user.slice/libpod-0123ab.scope", ""},
		{"::x", "y", "app.slice/x.scope", ""},
		{"-.slice:a:b.scope", "y", "-.slice/a-b.scope", ""},
		{"", "a+b", `app.slice/urun-a\x2bb.scope`, ""},
		{"a-b.slice:p:n", "", "a-b.slice/p-n.scope", ""},
		{"::é@", "", `app.slice/\xc3\xa9\x40.scope`, ""},
		{"/a/b", "x", "", `linux.cgroupsPath: "/a/b": a unit of systemd is named SLICE:PREFIX:NAME`},
		{"a:b:c:d", "x", "", "SLICE:PREFIX:NAME"},
		{"a.slice::", "x", "", "the name is empty"},
		{"a.slice:b:c.slice", "x", "", "a slice holds units and no processes"},
		{"a:b:c", "x", "", `the slice "a" does not end with .slice`},
		{"../a.slice:b:c", "x", "", "a character that no unit has"},
		{"a--b.slice:b:c", "x", "", "a dash with nothing on one side"},
		{"-a.slice:b:c", "x", "", "a dash with nothing on one side"},
		{"a-.slice:b:c", "x", "", "a dash with nothing on one side"},
		{".slice:b:c", "x", "", "does not end with .slice"},
		{"::../../x", "x", "", "no slash"},
		{"::" + strings.Repeat("x", 255), "x", "", "at most 255"},
	} {
		u, err := ParseUnit(test.path, test.id)
		if test.err != "" {
			if err == nil || !strings.Contains(err.Error(), test.err) {
				t.Errorf("%q: error %v, want %q", test.path, err, test.err)
			}
			continue
		}
		if err != nil || u.Slice+"/"+u.Name != test.want {
			t.Errorf("%q is %+v, %v; want %s", test.path, u, err, test.want)
		}
	}
}

func TestExpandSlice(t *testing.T) {
	for slice, want := range map[string]string{
		"-.slice":      "",
		"app.slice":    "app.slice",
		"a-b-c.slice":  "a.slice/a-b.slice/a-b-c.slice",
		`a\x2db.slice`: `a\x2db.slice`,
	} {
		if got, err := ExpandSlice(slice); got != want || err != nil {
			t.Errorf("%s is %s, %v; want %s", slice, got, err, want)
		}
	}
}

func TestResolve(t *testing.T) {
	const own = "/user.slice/user-1000.slice/user@1000.service"
	for _, test := range []struct{ path, own, want, err string }{
		{"", own, "urun-id", ""},
		{"a/b", own, "a/b", ""},
		{"./a//b/", own, "a/b", ""},
		{own + "/x/y", own, "x/y", ""},
		{"/docker/1234", "/", "docker/1234", ""},
		{"/docker/1234", own, "", `linux.cgroupsPath: "/docker/1234": this cgroup belongs to somebody else: yours begin at ` + own},
		{"/user.slice/user-1001.slice/x", own, "", "somebody else"},
		{own + "x/y", own, "", "somebody else"},
		{own, own, "", "the cgroup that urun itself is in"},
		{".", own, "", "the cgroup that urun itself is in"},
		{"/", own, "", "somebody else"},
		{"a/../../b", own, "", ".. could lead out"},
		{own + "/../x", own, "", ".. could lead out"},
		{"a\x00", own, "", "no path"},
		{strings.Repeat("x", 256), own, "", "longer than 255"},
	} {
		got, err := Resolve(test.path, test.own, "id")
		if test.err != "" {
			if err == nil || !strings.Contains(err.Error(), test.err) {
				t.Errorf("%q: error %v, want %q", test.path, err, test.err)
			}
			continue
		}
		if got != test.want || err != nil {
			t.Errorf("%q is %q, %v; want %q", test.path, got, err, test.want)
		}
	}
}

func FuzzPaths(f *testing.F) {
	for _, s := range []string{"", "a:b:c", "a-b.slice:x:y", "/a/../b", "a.slice::c+"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, path string) {
		if u, err := ParseUnit(path, "id"); err == nil {
			if strings.ContainsAny(u.Name, "/\x00") || !strings.HasSuffix(u.Name, ".scope") || len(u.Name) > 255 {
				t.Errorf("%q becomes the unit %q", path, u.Name)
			}
			if full, err := ExpandSlice(u.Slice); err != nil || strings.Contains(full, "..") && !strings.Contains(u.Slice, "..") {
				t.Errorf("%q has the slice %q: %q, %v", path, u.Slice, full, err)
			}
		}
		if rel, err := Resolve(path, "/own", "id"); err == nil {
			if rel == "" || strings.HasPrefix(rel, "/") || strings.Contains("/"+rel+"/", "/../") {
				t.Errorf("%q resolves to %q", path, rel)
			}
		}
	})
}
