package step

import (
	"fmt"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/program"
)

// Fifo makes a named pipe in the container (mkfifo(3)), which unlike a device anybody may make. One that is there already is left
// alone; anything else that is there is an error (config-linux.md, "Devices").
type Fifo struct {
	Path     string
	Mode     uint32 // permission bits, whatever the umask
	UID, GID uint32 // of the container
}

func (s Fifo) String() string {
	return fmt.Sprintf("fifo %s (%04o, %d:%d)", s.Path, s.Mode, s.UID, s.GID)
}

// Explain implements program.Explainer.
func (s Fifo) Explain(errno syscall.Errno) string {
	switch errno {
	case unix.EEXIST:
		return s.String() + ": there is something else of that name"
	case unix.EINVAL:
		return s.String() + ": an owner that is not mapped"
	}
	return ""
}

// Emit implements Step.
func (s Fifo) Emit(p *program.Program) {
	parent, name := openParent(p, s.Path)
	end := p.NewLabel()
	p.Try(func() {
		p.Call(unix.SYS_MKNODAT, parent, p.Str(name), program.Int(int(unix.S_IFIFO|s.Mode)), program.Int(0))
	}, func() {
		at := p.Openat2(parent, name, unix.O_PATH|unix.O_NOFOLLOW, 0, unix.RESOLVE_BENEATH)
		p.Expect(modeOf(p, at), unix.S_IFMT, unix.S_IFIFO, unix.EEXIST)
		p.Goto(end)
	}, unix.EEXIST)
	p.Call(unix.SYS_FCHMODAT, parent, p.Str(name), program.Int(int(s.Mode)))
	if s.UID != 0 || s.GID != 0 {
		p.Call(unix.SYS_FCHOWNAT, parent, p.Str(name), program.Int(int(s.UID)), program.Int(int(s.GID)), program.Int(unix.AT_SYMLINK_NOFOLLOW))
	}
	p.Place(end)
}
