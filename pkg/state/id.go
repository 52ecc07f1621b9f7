package state

import (
	"errors"
	"fmt"
)

// maxID is the longest id that the OCI clients know. File systems stop at 255 bytes, which Create reports.
const maxID = 1024

// ValidID says whether id can name a container: one to 1024 characters of A-Z a-z 0-9 _ + - and dot, and neither
// "." nor "..". Such an id is always one path component, so it cannot lead out of the state directory.
func ValidID(id string) error {
	switch {
	case id == "":
		return errors.New("container id is empty")
	case len(id) > maxID:
		return fmt.Errorf("container id has %d characters, at most %d are allowed", len(id), maxID)
	case id == "." || id == "..":
		return fmt.Errorf("invalid container id %q", id)
	}
	for i := range len(id) {
		if !idByte(id[i]) {
			return fmt.Errorf("invalid container id %q: only letters, digits and _ + - . are allowed", id)
		}
	}
	return nil
}

func idByte(c byte) bool {
	switch {
	case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		return true
	}
	return c == '_' || c == '+' || c == '-' || c == '.'
}
