package container

import (
	"os"

	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/host"
	"github.com/urun/urun/pkg/plan"
	"github.com/urun/urun/pkg/sandbox"
)

// Unshare runs a command as root of a user namespace with the caller's full id map, in the caller's own file system: for
// files that belong to ids of a container (rm -r, chown, tar). The exit code is the command's.
func Unshare(args []string) (int, error) {
	h, err := host.Detect()
	if err != nil {
		return 1, err
	}
	host.SubIDs(&h)
	p, err := plan.CompileUnshare(args, os.Environ(), h)
	if err != nil {
		return 1, err
	}
	fwd, err := forward() // before the process is born: it does not wait for anybody
	if err != nil {
		return 1, err
	}
	b := &birth{Runtime: &Runtime{Debug: func(string) {}}, draft: &draft{plan: p}}
	c, err := sandbox.Start(p, sandbox.Options{MapIDs: b.mapIDs, Noted: func(int) {}})
	if err != nil {
		return 1, explainHost(err)
	}
	defer c.Close()
	defer unix.Close(c.PidFD)
	fwd.begin()
	fwd.until(c.PidFD)
	return exitCode(c.Wait()), nil
}

// Seal protects the urun binary from containers; see sandbox.Seal.
func Seal() error { return sandbox.Seal() }
