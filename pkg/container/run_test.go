package container

import (
	"os"
	"path/filepath"
	"testing"

	specs "github.com/opencontainers/runtime-spec/specs-go"

	"github.com/urun/urun/pkg/bundle"
)

// TestFinishSparesALaterContainer: somebody has deleted the container and made another one of its id, whose process even has its pid.
func TestFinishSparesALaterContainer(t *testing.T) {
	r := newRuntime(t)
	p := container(t, r, "one", "init", ownPids)
	hooked := filepath.Join(t.TempDir(), "hooked")
	spec := &specs.Spec{Hooks: &specs.Hooks{Poststop: []specs.Hook{{Path: "/bin/touch", Args: []string{"touch", hooked}}}}}
	b := &birth{Runtime: r, draft: &draft{id: "one", bundle: &bundle.Bundle{Spec: spec}}, dir: p.dir, record: p.rec}
	b.record.Bundle = t.TempDir()
	b.record.StartTime++
	b.finish()
	p.wantStatus(r, statusRunning)
	if _, err := os.Stat(hooked); err == nil {
		t.Error("the hooks were run a second time")
	}
	b.record.StartTime--
	b.finish()
	wantGone(t, r, "one")
	if _, err := os.Stat(hooked); err != nil {
		t.Error("the hooks were not run")
	}
}
