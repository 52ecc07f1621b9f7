package bundle

import (
	"encoding/json"
	"fmt"

	specs "github.com/opencontainers/runtime-spec/specs-go"
)

// DecodeResources understands the file of `update --resources`, the linux.resources of a config.json by themselves.
func DecodeResources(raw []byte) (*specs.LinuxResources, error) {
	if err := noNUL(raw); err != nil {
		return nil, err
	}
	var r *specs.LinuxResources
	if err := json.Unmarshal(raw, &r); err != nil {
		return nil, explain(raw, err)
	}
	if r == nil {
		return nil, fmt.Errorf("null is no object with resources")
	}
	return r, nil
}
