package plan

import (
	"encoding/json"
	"strconv"
	"strings"

	"github.com/urun/urun/pkg/program"
)

// String prints the plan for people: how the process is born, then a numbered line for each step.
func (p Plan) String() string {
	var b strings.Builder
	for _, l := range p.header() {
		b.WriteString(l[0] + " " + l[1] + "\n")
	}
	for i, s := range p.Steps {
		n := strconv.Itoa(i + 1)
		b.WriteString(strings.Repeat(" ", 3-min(len(n), 3)) + n + "  " + s.String() + "\n")
	}
	for _, n := range p.Notices {
		b.WriteString("notice " + n.String() + "\n")
	}
	return b.String()
}

// Syscalls prints the program of the plan.
func (p Plan) Syscalls() string { return p.Program().String() }

func (p Plan) header() [][2]string {
	b := p.Birth
	lines := [][2]string{{"rootfs", b.Rootfs}}
	if p.Cgroup != nil {
		lines = append(lines, [2]string{"cgroup", p.Cgroup.String()})
	}
	if p.Watch != nil {
		lines = append(lines, [2]string{"watched", p.Watch.String()})
	}
	if b.Flags != 0 {
		lines = append(lines, [2]string{"born in new", program.Namespaces(b.Flags)})
	}
	if b.MapBy != MapNone {
		lines = append(lines, [2]string{"uid map", b.UIDMap.String()}, [2]string{"gid map", b.GIDMap.String()},
			[2]string{"maps written by", string(b.MapBy)})
	}
	return lines
}

// MarshalJSON gives the plan to programs: the header's lines as members, steps and notices as lists.
func (p Plan) MarshalJSON() ([]byte, error) {
	steps := make([]string, len(p.Steps))
	for i, s := range p.Steps {
		steps[i] = s.String()
	}
	cg, watched := "", ""
	if p.Cgroup != nil {
		cg = p.Cgroup.String()
	}
	if p.Watch != nil {
		watched = p.Watch.String()
	}
	return json.Marshal(struct {
		Rootfs     string   `json:"rootfs"`
		Namespaces string   `json:"newNamespaces"`
		UIDMap     string   `json:"uidMap,omitempty"`
		GIDMap     string   `json:"gidMap,omitempty"`
		MapBy      MapBy    `json:"mapsWrittenBy"`
		Cgroup     string   `json:"cgroup,omitempty"`
		Watched    string   `json:"watched,omitempty"`
		Steps      []string `json:"steps"`
		Notices    []Notice `json:"notices,omitempty"`
	}{p.Birth.Rootfs, program.Namespaces(p.Birth.Flags), p.Birth.UIDMap.String(), p.Birth.GIDMap.String(), p.Birth.MapBy, cg, watched, steps, p.Notices})
}
