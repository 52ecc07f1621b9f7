package test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
)

func tmpfs(options ...string) specs.Mount {
	return specs.Mount{Destination: "/x", Type: "tmpfs", Source: "tmpfs", Options: options}
}

// mountLine is what the verb mounts says of a mount: its options, its propagation, the options of the file system.
type mountLine struct{ options, propagation, super string }

func lineOf(t *testing.T, r result) (m mountLine) {
	t.Helper()
	for _, f := range strings.Fields(r.stdout) {
		key, value, _ := strings.Cut(f, "=")
		switch key {
		case "options":
			m.options = value
		case "propagation":
			m.propagation = value
		case "super":
			m.super = value
		}
	}
	return m
}

// wants checks words, separated by spaces, against a list; a word with ! must not be there.
func wants(t *testing.T, list, words string) {
	t.Helper()
	for _, w := range strings.Fields(words) {
		name, not := strings.CutPrefix(w, "!")
		if slices.Contains(strings.Split(list, ","), name) == not {
			t.Errorf("want %s, got %s", w, list)
		}
	}
}

// TestMountOptionsOfAFileSystem: each option has its effect on what the container mounts for itself.
func TestMountOptionsOfAFileSystem(t *testing.T) {
	c := newCaller(t)
	for options, want := range map[string]mountLine{
		"ro":                                   {options: "ro"},
		"nosuid,nodev,noexec":                  {options: "nosuid nodev noexec"},
		"nosuid,suid,nodev,dev":                {options: "!nosuid !nodev"},
		"noexec,exec":                          {options: "!noexec"},
		"noatime":                              {options: "noatime"},
		"noatime,atime":                        {options: "relatime !noatime"},
		"relatime":                             {options: "relatime"},
		"nodiratime":                           {options: "nodiratime"},
		"nodiratime,diratime":                  {options: "!nodiratime"},
		"strictatime":                          {options: "!relatime !noatime"},
		"strictatime,nostrictatime,norelatime": {options: "relatime"},
		"nosymfollow":                          {options: "nosymfollow"},
		"nosymfollow,symfollow":                {options: "!nosymfollow"},
		"sync":                                 {super: "sync"},
		"sync,async":                           {super: "!sync"},
		"dirsync":                              {super: "dirsync"},
		"lazytime":                             {super: "lazytime"},
		"lazytime,nolazytime":                  {super: "!lazytime"},
		"mand,nomand,iversion,noiversion,silent,loud,acl,noacl,defaults": {options: "rw"},
		"rro":                                  {options: "ro"},
		"rnosuid,rnodev,rnoexec":               {options: "nosuid nodev noexec"},
		"nosuid,nodev,noexec,rsuid,rdev,rexec": {options: "!nosuid !nodev !noexec"},
		"rnoatime":                             {options: "noatime"},
		"noatime,ratime":                       {options: "relatime !noatime"},
		"noatime,rrelatime":                    {options: "relatime"},
		"rstrictatime":                         {options: "!relatime !noatime"},
		"rstrictatime,rnostrictatime,rnorelatime": {options: "relatime"},
		"rnodiratime":                    {options: "nodiratime"},
		"nodiratime,rdiratime":           {options: "!nodiratime"},
		"rnosymfollow":                   {options: "nosymfollow"},
		"nosymfollow,rsymfollow":         {options: "!nosymfollow"},
		"size=64k,mode=750,nr_inodes=10": {super: "size=64k mode=750 nr_inodes=10"},
		"uid=0,gid=0":                    {options: "rw"},
		"uid=4294900000":                 {super: "!uid=4294900000"},
		"shared":                         {propagation: "shared"},
		"rshared":                        {propagation: "shared"},
		"unbindable":                     {propagation: "unbindable"},
		"runbindable":                    {propagation: "unbindable"},
		"private":                        {propagation: ""},
		"rprivate":                       {propagation: ""},
		"slave":                          {propagation: ""},
		"rslave":                         {propagation: ""},
	} {
		t.Run(options, func(t *testing.T) {
			got := lineOf(t, c.run(mounted(tmpfs(strings.Split(options, ",")...)), inside("mounts /x")).exits(0))
			wants(t, got.options, want.options)
			wants(t, got.super, want.super)
			if tag, _, _ := strings.Cut(got.propagation, ":"); tag != want.propagation {
				t.Errorf("propagation %q, want %q", got.propagation, want.propagation)
			}
		})
	}
}

// TestMountOptionsOfABind: the same for what the host shows; access times are locked there, which is told if it makes a
// difference.
func TestMountOptionsOfABind(t *testing.T) {
	c := newCaller(t)
	strict := "URUN-MNT-002"
	if options := hostOptions(t, c.dir); !strings.Contains(options, "relatime") && !strings.Contains(options, "noatime") {
		strict = "" // as it is on a tmpfs of systemd
	}
	data := filepath.Join(c.dir, "data")
	writeFile(t, data+"/file", "x")
	for options, tc := range map[string]struct{ want, propagation, notice string }{
		"bind":                             {want: "rw"},
		"rbind,ro":                         {want: "ro"},
		"bind,nosuid,nodev,noexec":         {want: "nosuid nodev noexec"},
		"rbind,rro,rnosuid,rnodev,rnoexec": {want: "ro nosuid nodev noexec"},
		"rbind,nosymfollow":                {want: "nosymfollow"},
		"rbind,rnosymfollow":               {want: "nosymfollow"},
		"rbind,rrw":                        {want: "rw"},
		"bind,private":                     {},
		"rbind,rprivate":                   {},
		"bind,slave":                       {},
		"rbind,rslave":                     {},
		"bind,shared":                      {propagation: "shared"},
		"rbind,rshared":                    {propagation: "shared"},
		"bind,unbindable":                  {propagation: "unbindable"},
		"rbind,runbindable":                {propagation: "unbindable"},
		"bind,sync":                        {want: "rw", notice: "URUN-MNT-001"},
		"bind,strictatime":                 {want: "rw", notice: strict},
		"rbind,rnodiratime":                {want: "rw", notice: "URUN-MNT-002"},
		"bind,ro,mode=755,size=1k":         {want: "ro", notice: "URUN-MNT-004"},
	} {
		t.Run(options, func(t *testing.T) {
			m := specs.Mount{Destination: "/x", Type: "none", Source: data, Options: strings.Split(options, ",")}
			r := c.run(mounted(m), inside("mounts /x")).exits(0).complains(tc.notice)
			if tc.notice == "" {
				r.silent()
			}
			got := lineOf(t, r)
			wants(t, got.options, tc.want)
			tag, _, _ := strings.Cut(got.propagation, ":")
			if tag == "master" { // the host's tree is shared
				tag = ""
			}
			if tag != tc.propagation {
				t.Errorf("propagation %q, want %q", got.propagation, tc.propagation)
			}
		})
	}
}

// hostOptions are those of the host's mount that holds path.
func hostOptions(t *testing.T, path string) string {
	t.Helper()
	longest, options := "", ""
	for line := range strings.Lines(readFile(t, "/proc/self/mountinfo")) {
		f := strings.Fields(line)
		at := strings.TrimSuffix(f[4], "/") + "/"
		if strings.HasPrefix(path, at) && len(at) >= len(longest) {
			longest, options = at, f[5]
		}
	}
	return options
}

// TestLockedFlagsAreKept: what the host has mounted read-only or nosuid stays so, whether the config says so or not.
func TestLockedFlagsAreKept(t *testing.T) {
	c := newCaller(t)
	data := filepath.Join(c.dir, "data")
	writeFile(t, data+"/file", "x")
	bundleOf := func(options string) string {
		m := specs.Mount{Destination: "/x", Source: data, Options: strings.Split(options, ",")}
		return c.bundle(nested, mounted(m), inside("mounts /x"))
	}
	locked := inNamespace("mount -t tmpfs -o ro,nosuid,nodev,noexec,noatime tmpfs " + data)
	for _, options := range []string{"rbind", "rbind,ro", "rbind,rw,suid,dev,exec", "bind,nosuid", "bind,nosymfollow"} {
		c.wrap = nil
		dir := bundleOf(options)
		c.wrap = locked
		wants(t, lineOf(t, c.urun("run", "-b", dir, c.id).exits(0)).options, "ro nosuid nodev noexec noatime")
	}
	c.wrap = nil
	dir := bundleOf("rbind,rrw")
	c.wrap = locked
	c.urun("run", "-b", dir, c.id).refuses(1, "/x", "locked")
}

func TestRemountOfABind(t *testing.T) {
	c := newCaller(t)
	data := filepath.Join(c.dir, "data")
	writeFile(t, data+"/file", "x")
	again := specs.Mount{Destination: "/x", Options: []string{"bind", "remount", "ro", "noexec"}}
	got := lineOf(t, c.run(mounted(bind(data, "/x"), again), inside("mounts /x")).exits(0).silent())
	wants(t, got.options, "ro noexec")
}

func TestMountOptionsThatAreRefused(t *testing.T) {
	c := newCaller(t)
	idmapped := bind(c.dir, "/x")
	idmapped.UIDMappings = []specs.LinuxIDMapping{line(0, 1, 1)}
	for _, tc := range []struct {
		m     specs.Mount
		parts []string
	}{
		{bind(c.dir, "/x", "idmap"), []string{"options[1]: idmap", "mount_setattr"}},
		{bind(c.dir, "/x", "ridmap"), []string{"options[1]: ridmap", "mount_setattr"}},
		{idmapped, []string{"uidMappings", "mount_setattr"}},
		{bind(c.dir, "/x", "tmpcopyup"), []string{"tmpcopyup is for a tmpfs"}},
		{bind(c.dir, "/x", "nosiud"), []string{`"nosiud" means nothing for a bind mount`}},
		{bind(c.dir, "/x", "ro", "rw"), []string{"options[2]: rw contradicts ro"}},
		{tmpfs("rrw", "rro"), []string{"options[1]: rro contradicts rrw"}},
		{tmpfs("copy-symlink"), []string{"for bind mounts"}},
		{tmpfs("private", "shared"), []string{"options[1]: shared: a second propagation"}},
		{tmpfs("whatever=1"), []string{"mount tmpfs on /x", "invalid argument"}},
	} {
		c.run(mounted(tc.m)).refuses(1, tc.parts...)
	}
	c.nothingLeft()
}

// TestLinksOfABind: crun's three options about symlinks.
func TestLinksOfABind(t *testing.T) {
	c := newCaller(t)
	writeFile(t, c.dir+"/data/file", "of the file")
	writeFile(t, c.dir+"/data/plain", "plain")
	if err := os.Symlink("file", c.dir+"/data/link"); err != nil {
		t.Fatal(err)
	}
	c.run(mounted(bind(c.dir+"/data/link", "/x")), inside("type /x -- cat /x")).exits(0).prints("file", "of the file")
	c.run(mounted(bind(c.dir+"/data/link", "/x", "src-nofollow")), inside("readlink /x")).exits(0).prints("file")
	c.run(mounted(bind(c.dir+"/data/link", "/x", "copy-symlink")), inside("readlink /x -- mounts /x")).
		exits(1).prints("file").complains("not a mount point")
	c.run(mounted(bind(c.dir+"/data/plain", "/x", "copy-symlink")), inside("cat /x")).exits(0).prints("plain")

	dir := c.bundle(mounted(bind(c.dir+"/data/plain", "/x", "dest-nofollow")), inside("type /x -- cat /x -- cat /target"))
	writeFile(t, dir+"/rootfs/target", " target")
	if err := os.Symlink("target", dir+"/rootfs/x"); err != nil {
		t.Fatal(err)
	}
	c.urun("run", "-b", dir, c.id).exits(0).prints("file", "plain target")
}

// TestOverlay: as an ordinary mount; the kernel keeps its notes in user.* attributes, trusted.* ones are root's.
func TestOverlay(t *testing.T) {
	c := newCaller(t)
	writeFile(t, c.dir+"/lower/file", "below")
	for _, d := range []string{"upper", "work"} {
		if err := os.Mkdir(filepath.Join(c.dir, d), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	m := specs.Mount{Destination: "/x", Type: "overlay", Options: []string{
		"lowerdir=" + c.dir + "/lower", "upperdir=" + c.dir + "/upper", "workdir=" + c.dir + "/work",
	}}
	r := c.run(mounted(m), inside("cat /x/file -- rm /x/file -- write /x/new above -- ls /x -- mounts /x")).exits(0)
	r.mentions("belownew", "userxattr")
	if readFile(t, c.dir+"/upper/new") != "above" || readFile(t, c.dir+"/lower/file") != "below" {
		t.Error("the overlay wrote elsewhere")
	}
}

func TestMountLabelWithoutSELinux(t *testing.T) {
	if _, err := os.Stat("/sys/fs/selinux/enforce"); err == nil {
		t.Skip("SELinux runs here")
	}
	label := func(s *specs.Spec) { s.Linux.MountLabel = "system_u:object_r:container_file_t:s0:c1,c2" }
	newCaller(t).run(label, mounted(tmpfs()), inside("print ok")).exits(0).prints("ok").complains("URUN-MNT-003")
}

func TestRootfsPropagation(t *testing.T) {
	c := newCaller(t)
	for name, want := range map[string]string{
		"": "", "private": "", "rprivate": "", "slave": "", "rslave": "", "shared": "shared", "rshared": "shared",
		"unbindable": "unbindable", "runbindable": "unbindable",
	} {
		r := c.run(func(s *specs.Spec) { s.Linux.RootfsPropagation = name }, inside("mounts /")).exits(0)
		if tag, _, _ := strings.Cut(lineOf(t, r).propagation, ":"); tag != want && !(want == "" && tag == "master" && !strings.Contains(name, "private")) {
			t.Errorf("%q: %s", name, r)
		}
	}
}

// TestIDMappedTmpfs: ids of the file system and of the container differ where the container has mounted it itself.
func TestIDMappedTmpfs(t *testing.T) {
	c := newCaller(t)
	host := func(list []specs.LinuxIDMapping, id uint32) specs.LinuxIDMapping {
		for _, l := range list {
			if id >= l.ContainerID && id-l.ContainerID < l.Size {
				return line(id+20, l.HostID+id-l.ContainerID, 1)
			}
		}
		t.Fatalf("id %d is not mapped", id)
		return specs.LinuxIDMapping{}
	}
	r := c.run(func(s *specs.Spec) {
		m := tmpfs("idmap", "uid=25", "gid=26")
		m.UIDMappings = []specs.LinuxIDMapping{host(s.Linux.UIDMappings, 0), host(s.Linux.UIDMappings, 5)}
		m.GIDMappings = []specs.LinuxIDMapping{host(s.Linux.GIDMappings, 0), host(s.Linux.GIDMappings, 6)}
		s.Mounts = append(s.Mounts, m)
	}, inside("owner /x -- touch /x/new -- owner /x/new -- chown /x/new 5 6 -- owner /x/new -- mounts /x"))
	r.exits(0).mentions("5:6\n0:0\n5:6\n")
	wants(t, lineOf(t, r).options, "idmapped")
}
