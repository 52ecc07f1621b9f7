package seccomp

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestGolden prints the filters of small sections: testdata/NAME.ARCH.json becomes testdata/NAME.ARCH.golden on a machine
// of SCMP_ARCH_ARCH.
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/*.json")
	if err != nil || len(files) == 0 {
		t.Fatal(err, "no testdata")
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".json")
		t.Run(name, func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var s specs.LinuxSeccomp
			if err := json.Unmarshal(text, &s); err != nil {
				t.Fatal(err)
			}
			_, native, _ := strings.Cut(name, ".")
			f, err := Compile(&s, specs.Arch("SCMP_ARCH_"+native))
			if err != nil {
				t.Fatal(err)
			}
			compare(t, strings.TrimSuffix(file, "json")+"golden", f.String())
		})
	}
}

func compare(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs (go test -update writes it anew; git diff shows what changed); got:\n%s", path, got)
	}
}
