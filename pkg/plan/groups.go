package plan

import (
	specs "github.com/opencontainers/runtime-spec/specs-go"

	"github.com/urun/urun/pkg/cgroup"
	"github.com/urun/urun/pkg/network"
)

// KeepGroups is the annotation, crun's, that keeps the caller's supplementary groups: files that are open to one of them
// stay so in the container.
const KeepGroups = "run.oci.keep_original_groups"

// UnsafeAnnotations lists the annotations that change what urun does, for the features document. One that ends in a dot begins
// the names of many.
func UnsafeAnnotations() []string { return []string{network.Prefix, cgroup.Prefix, KeepGroups} }

// KeepsGroups says whether the annotations ask for the caller's groups to be kept.
func KeepsGroups(annotations map[string]string) bool {
	v, ok := annotations[KeepGroups]
	return ok && v != "0" && v != "false"
}

// groups settles whether the supplementary groups are changed at all.
func (c *compiler) groups() error {
	if KeepsGroups(c.spec.Annotations) {
		c.keepGroups(c.spec.Process.User)
		c.plan.Birth.SetGroups = false
	}
	return nil
}

func (c *compiler) keepGroups(u specs.User) {
	if len(u.AdditionalGids) > 0 {
		c.note(Notice{
			Code: "URUN-ID-002", Want: "process.user.additionalGids", Got: "the caller's own groups alone",
			Why: KeepGroups + " keeps them, and adding one would take them all away",
		})
	}
}
