package bundle

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"

	specs "github.com/opencontainers/runtime-spec/specs-go"
)

// LoadProcess reads the file of `exec --process`, which may also be a pipe (/dev/stdin, <(…)), and never more of it than of a config.
func LoadProcess(file string) (*specs.Process, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	raw, err := io.ReadAll(io.LimitReader(f, maxConfig+1))
	if err != nil {
		return nil, err
	}
	if len(raw) > maxConfig {
		return nil, fmt.Errorf("%s has more than the %d bytes that are read of a process", file, maxConfig)
	}
	p, err := DecodeProcess(raw)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return p, nil
}

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
