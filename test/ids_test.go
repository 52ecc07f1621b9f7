package test

import (
	"os"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
)

func TestTheDefaultMapHasAllIdsOfTheCaller(t *testing.T) {
	c := newCaller(t)
	tmp := specs.Mount{Destination: "/tmp", Type: "tmpfs", Source: "tmpfs", Options: []string{"mode=1777"}}
	c.run(mounted(tmp), inside("id -- setuid 1000 -- touch /tmp/made -- owner /tmp/made")).
		exits(0).prints("uid=0 gid=0 groups=", "uid=1000 gid=1000 groups=", "1000:1000")
}

func TestFilesOfOtherIdsCanBeMade(t *testing.T) {
	c := newCaller(t)
	dir := c.bundle(inside("touch /made -- chown /made 33 33 -- owner /made"))
	c.urun("run", "-b", dir, c.id).exits(0).prints("33:33")
	if err := os.WriteFile(dir+"/rootfs/made", nil, 0o644); err == nil {
		t.Error("a file of a sub-id is the caller's own")
	}
	c.must("unshare", "rm", dir+"/rootfs/made")
}

func TestUnshareRunsACommandAsRootOfTheMap(t *testing.T) {
	c := newCaller(t)
	c.must("unshare", insidePath, "id").mentions("uid=0 gid=0")
	c.urun("unshare", insidePath, "exit", "9").exits(9)
}

func TestAMapOfOneIdNeedsNoHelper(t *testing.T) {
	c := newCaller(t)
	c.env[0] = "PATH=/nonexistent"
	c.run(singleMap, inside("id -- setgroups -- uidmap")).exits(0).silent().mentions("uid=0 gid=0", "deny\n")
}

func TestAMapOfOneIdMayHaveAnyName(t *testing.T) {
	c := newCaller(t)
	c.run(singleMap, func(s *specs.Spec) {
		s.Linux.UIDMappings[0].ContainerID, s.Linux.GIDMappings[0].ContainerID = 1000, 1000
	}, user(1000, 1000), inside("id")).exits(0).mentions("uid=1000 gid=1000")
}

func TestAConfigWithoutMapsGetsTheWholeMap(t *testing.T) {
	c := newCaller(t)
	c.run(func(s *specs.Spec) { s.Linux.UIDMappings, s.Linux.GIDMappings = nil, nil }, user(1, 1), inside("id")).
		exits(0).prints("uid=1 gid=1 groups=")
}

func TestAConfigWithoutAUserNamespaceGetsOne(t *testing.T) {
	c := newCaller(t)
	c.run(withoutNamespace(specs.UserNamespace), func(s *specs.Spec) { s.Linux.UIDMappings, s.Linux.GIDMappings = nil, nil }, inside("id")).
		exits(0).prints("uid=0 gid=0 groups=")
}

func TestMapsAreCheckedBeforeAnythingStarts(t *testing.T) {
	me := uint32(os.Getuid())
	tooMany := make([]specs.LinuxIDMapping, 100_000)
	for i := range tooMany {
		tooMany[i] = line(uint32(i), 100_000+uint32(i), 1)
	}
	for name, test := range map[string]struct {
		maps []specs.LinuxIDMapping
		want []string
	}{
		"not owned":         {[]specs.LinuxIDMapping{line(0, me, 1), line(1, 1_999_000_000, 10)}, []string{"1999000000", "subuid"}},
		"root of the host":  {[]specs.LinuxIDMapping{line(0, 0, 1)}, []string{"subuid"}},
		"overlap inside":    {[]specs.LinuxIDMapping{line(0, me, 1), line(0, 100_000, 10)}, []string{"share"}},
		"overlap outside":   {[]specs.LinuxIDMapping{line(0, 100_000, 10), line(10, 100_005, 10)}, []string{"share"}},
		"size zero":         {[]specs.LinuxIDMapping{line(0, me, 0)}, []string{"size"}},
		"past the last id":  {[]specs.LinuxIDMapping{line(4_294_967_290, 100_000, 100)}, []string{"4294967290"}},
		"too many lines":    {tooMany, []string{"340"}},
		"one past my range": {[]specs.LinuxIDMapping{line(0, me, 1), line(1, 100_000, 4_000_000_000)}, []string{"subuid"}},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCaller(t)
			c.run(maps(test.maps...)).refuses(1, test.want...)
			c.nothingLeft()
		})
	}
}

func TestAnUnmappedUserIsRefusedByName(t *testing.T) {
	c := newCaller(t)
	c.run(singleMap, user(33, 0)).refuses(1, "33", "map")
	c.run(singleMap, user(0, 44)).refuses(1, "44", "map")
	c.run(singleMap, user(0, 0, 55)).refuses(1, "additionalGids")
	c.nothingLeft()
}

func TestAdditionalGroups(t *testing.T) {
	newCaller(t).run(user(1, 2, 10, 20), inside("id")).exits(0).prints("uid=1 gid=2 groups=10 20")
}

func TestGroupsOfTheCallerAreLeftBehind(t *testing.T) {
	newCaller(t).run(inside("id")).exits(0).prints("uid=0 gid=0 groups=")
}
