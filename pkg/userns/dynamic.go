package userns

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os/exec"
	"strings"

	"github.com/rootless-containers/rootlesskit/v3/pkg/parent/dynidtools"
)

// dynamic tells from the content of nsswitch.conf whether the owner of subordinate ids is asked for somewhere else
// than in the files. Only the first source counts, because libsubid uses one and never a second.
func dynamic(nsswitch []byte) bool {
	for line := range bytes.Lines(nsswitch) {
		key, value, ok := strings.Cut(string(line), ":")
		if !ok || !strings.EqualFold(strings.TrimSpace(key), "subid") {
			continue
		}
		sources := strings.Fields(value)
		return len(sources) > 0 && sources[0] != "files"
	}
	return false
}

// fromGetsubids asks getsubids(1). found is false when the program is not installed. It exits with 1 for a user who
// has no ranges: empty, not an error.
func fromGetsubids(uid uint32, name string) (s SubIDs, found bool, err error) {
	s.Source = "getsubids"
	uids, gids, err := dynidtools.GetSubIDRanges(int(uid), name)
	var exit *exec.ExitError
	switch {
	case errors.Is(err, exec.ErrNotFound), errors.Is(err, fs.ErrNotExist):
		return SubIDs{}, false, nil
	case errors.As(err, &exit):
		return s, true, nil
	case err != nil:
		return s, true, fmt.Errorf("ask getsubids: %w", err)
	}
	s.UIDs, s.GIDs = sensible(uids), sensible(gids)
	return s, true, nil
}
