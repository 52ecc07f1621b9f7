package bundle

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	specs "github.com/opencontainers/runtime-spec/specs-go"
	"github.com/urun/urun/pkg/idmap"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func TestTemplate(t *testing.T) {
	single := idmap.One(0, 1000)
	for name, c := range map[string]struct {
		m idmap.Map
		o TemplateOptions
	}{
		"full":    {fullMap(), TemplateOptions{Terminal: true, MaxFiles: 1 << 20}},
		"single":  {single, TemplateOptions{NetworkNS: true, MaxFiles: 512}},
		"cgroup2": {fullMap(), TemplateOptions{NetworkNS: true, CgroupMount: true}},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if err := WriteConfig(dir, template(c.m, c.m, c.o)); err != nil {
				t.Fatal(err)
			}
			got, err := os.ReadFile(filepath.Join(dir, ConfigFile))
			if err != nil {
				t.Fatal(err)
			}
			golden := filepath.Join("testdata", name+".json")
			if *update {
				write(t, golden, string(got))
			}
			want, _ := os.ReadFile(golden)
			if d := cmp.Diff(string(want), string(got)); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestTemplateUserIsMapped(t *testing.T) {
	m := idmap.One(33, 1000)
	if u := template(m, m, TemplateOptions{}).Process.User; u.UID != 33 || u.GID != 33 {
		t.Errorf("%+v", u)
	}
}

// TestTemplateFilter: the default filter lets ordinary calls through, and what a container has no business with only with the
// capability for it.
func TestTemplateFilter(t *testing.T) {
	s := filtered(t)
	f := s.Linux.Seccomp
	if f == nil || f.DefaultAction != specs.ActErrno {
		t.Fatalf("%+v", f)
	}
	allows := func(f *specs.LinuxSeccomp, name string) bool {
		return slices.ContainsFunc(f.Syscalls, func(c specs.LinuxSyscall) bool {
			return c.Action == specs.ActAllow && len(c.Args) == 0 && slices.Contains(c.Names, name)
		})
	}
	for name, want := range map[string]bool{"execve": true, "chown": true, "mount": false, "bpf": false, "keyctl": false} {
		if got := allows(f, name); got != want {
			t.Errorf("%s is allowed: %v", name, got)
		}
	}
	s.Process.Capabilities.Bounding = append(s.Process.Capabilities.Bounding, "CAP_SYS_ADMIN")
	if f, err := defaultFilter(s); err != nil || !allows(f, "mount") {
		t.Errorf("mount is not allowed to who has CAP_SYS_ADMIN: %v", err)
	}
	bare, err := Template(fullMap(), fullMap(), TemplateOptions{Unfiltered: true})
	if err != nil || bare.Linux.Seccomp != nil {
		t.Errorf("%+v, %v", bare.Linux.Seccomp, err)
	}
}
