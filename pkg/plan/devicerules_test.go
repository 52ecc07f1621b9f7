package plan

import (
	"encoding/json"
	"testing"

	specs "github.com/opencontainers/runtime-spec/specs-go"
)

func TestAllowed(t *testing.T) {
	fuse := specs.LinuxDevice{Path: "/dev/fuse", Type: "u", Major: 10, Minor: 229}
	for rules, want := range map[string]string{
		`[]`:                                  "",
		`[{"allow": false, "access": "rwm"}]`: "",
		`[{"allow": true, "access": "rwm"}]`:  "rw",
		`[{"allow": true, "type": "a", "access": "rwm"}, {"allow": false, "type": "c", "major": 10, "minor": 229, "access": "w"}]`: "r",
		`[{"allow": false, "access": "rwm"}, {"allow": true, "type": "c", "major": 10, "minor": -1, "access": "rw"}]`:              "rw",
		`[{"allow": false, "access": "rwm"}, {"allow": true, "type": "b", "major": 10, "minor": 229, "access": "rw"}]`:             "",
		`[{"allow": false, "access": "rwm"}, {"allow": true, "type": "c", "major": 10, "minor": 200, "access": "rw"}]`:             "",
		`[{"allow": true, "type": "c", "major": 10, "minor": 229, "access": "rw"}, {"allow": false, "type": "c", "access": "m"}]`:  "rw",
		`[{"allow": true, "type": "c", "major": 10, "minor": 229, "access": "rw"}, {"allow": false, "type": "c", "access": "r"}]`:  "w",
		`[{"allow": true, "type": "a", "major": null, "minor": null, "access": "r"}, {"allow": true, "type": "c", "access": "w"}]`: "rw",
	} {
		var list []specs.LinuxDeviceCgroup
		if err := json.Unmarshal([]byte(rules), &list); err != nil {
			t.Fatal(err)
		}
		if got := allowed(list, fuse); got != want {
			t.Errorf("%s: %q, want %q", rules, got, want)
		}
	}
}
