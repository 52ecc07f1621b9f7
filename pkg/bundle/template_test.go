package bundle

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
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
			if err := WriteConfig(dir, Template(c.m, c.m, c.o)); err != nil {
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
	if u := Template(m, m, TemplateOptions{}).Process.User; u.UID != 33 || u.GID != 33 {
		t.Errorf("%+v", u)
	}
}
