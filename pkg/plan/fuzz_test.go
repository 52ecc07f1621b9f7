package plan_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	specs "github.com/opencontainers/runtime-spec/specs-go"

	"github.com/urun/urun/pkg/plan"
)

// FuzzCompile: whatever a config holds, it is refused or becomes a program that links, and is printed.
func FuzzCompile(f *testing.F) {
	files, err := filepath.Glob("testdata/*.json")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	for _, s := range []string{`{}`, `null`, `[]`, `{"process": {"args": ["x"], "cwd": "/"}, "root": {}, "linux": {}}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		for _, host := range []string{"full", "single", "nested"} {
			spec := &specs.Spec{}
			if json.Unmarshal(raw, spec) != nil {
				return
			}
			p, err := plan.Compile(spec, hosts[host], options())
			if err != nil {
				if err.Error() == "" {
					t.Error("refused without a word")
				}
				continue
			}
			links(t, p)
		}
	})
}

// links checks that every instruction of the plan's program goes on within it and uses cells that it has.
func links(t *testing.T, p plan.Plan) {
	t.Helper()
	c := p.Program().Link(nil)
	for i, op := range c.Ops[:len(c.Ops)-1] {
		if int(op.Then) > len(c.Ops)-1 || int(op.Else) > len(c.Ops)-1 || int(op.Dst) >= len(c.Cells) {
			t.Fatalf("instruction %d of %d: then %d, else %d, result to cell %d of %d", i, len(c.Ops), op.Then, op.Else, op.Dst, len(c.Cells))
		}
		for k, a := range op.Args {
			if (op.Cells|op.CellAddrs)&(1<<k) != 0 && int(a) >= len(c.Cells) || op.DataAddrs&(1<<k) != 0 && int(a) >= len(c.Data) {
				t.Fatalf("instruction %d: argument %d is %d, of %d cells and %d bytes", i, k, a, len(c.Cells), len(c.Data))
			}
		}
	}
	if len(p.String()) == 0 || len(p.Syscalls()) == 0 {
		t.Fatal("the plan prints as nothing")
	}
}
