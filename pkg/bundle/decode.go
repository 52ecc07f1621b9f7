package bundle

import (
	"encoding/json"

	specs "github.com/opencontainers/runtime-spec/specs-go"
)

// Decode understands the content of a config.json. Errors say line and column, and the key where it is known.
// Unknown keys are ignored, as the spec demands (runtime-spec config.md, Extensibility); anything after the
// document is not. The version of the spec is checked to be 1.x.
func Decode(raw []byte) (*specs.Spec, error) {
	var s specs.Spec
	if err := noNUL(raw); err != nil {
		return nil, err
	}
	if stream(raw, &s) != nil {
		s = specs.Spec{}
		if err := json.Unmarshal(raw, &s); err != nil {
			return nil, explain(raw, err)
		}
	}
	if err := checkVersion(s.Version); err != nil {
		return nil, err
	}
	return &s, nil
}
