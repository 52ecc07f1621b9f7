package bundle

import (
	"bytes"
	"encoding/json"
	"fmt"

	specs "github.com/opencontainers/runtime-spec/specs-go"
)

// DecodeProcess understands the file of `exec --process`, the process of a config.json by itself.
func DecodeProcess(raw []byte) (*specs.Process, error) {
	if err := noNUL(raw); err != nil {
		return nil, err
	}
	var p specs.Process
	if err := json.Unmarshal(raw, &p); err != nil {
		return nil, explain(raw, err)
	}
	return &p, nil
}

// noNUL refuses the character that no string of the kernel can hold: an argument or a path would be cut there in silence.
func noNUL(raw []byte) error {
	escape := []byte(`\u0000`)
	for from := 0; ; {
		i := bytes.Index(raw[from:], escape)
		if i < 0 {
			return nil
		}
		at := from + i
		slashes := 0
		for at-1-slashes >= 0 && raw[at-1-slashes] == '\\' {
			slashes++
		}
		if slashes%2 == 0 { // else the backslash is itself escaped, and u0000 is text
			_, key := walk(raw[:at])
			return fmt.Errorf("%s: a NUL character in %s", place(raw, int64(at)+1), key)
		}
		from = at + len(escape)
	}
}
