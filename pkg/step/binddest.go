package step

import (
	"path"

	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/program"
)

// makeDest makes the destination, as what the tree is. A symlink that leads to nothing, as distributions have it for
// /etc/resolv.conf, is followed to where it leads, or, where no file can be made there, is mounted on itself.
func (s Bind) makeDest(p *program.Program, tree, dest program.Arg) {
	parent, name := openParent(p, s.Dest)
	made, end := p.NewLabel(), p.NewLabel()
	p.Try(func() {
		p.Fchdir(tree)
		p.Call(unix.SYS_MKDIRAT, parent, p.Str(name), program.Int(0o755))
		p.Goto(made)
	}, nil, unix.ENOTDIR)
	p.Try(func() { makeFile(p, parent, name) }, func() {
		p.Try(func() { s.makeFollowed(p, dest) }, func() { s.openLink(p, dest) }, unix.ENOENT)
		p.Goto(end)
	}, unix.EEXIST)
	p.Place(made)
	s.openDest(p, dest)
	p.Place(end)
}

// perhaps mounts a file on whatever place there is, and leaves it at a notice where there is none. Each try stands by itself, for
// one inside another would hide it.
func (s Bind) perhaps(p *program.Program, tree, dest program.Arg, end program.Label) {
	placeless := func() {
		note(p, s.Placeless)
		p.Goto(end)
	}
	found := p.NewLabel()
	p.Try(func() { s.openDest(p, dest); p.Goto(found) }, nil, program.Any)
	if dir := path.Dir(s.Dest); dir != "/" {
		p.Try(func() { p.Call(unix.SYS_MKDIRAT, root(p), p.Str(rel(dir)), program.Int(0o755)) }, nil, program.Any)
	}
	p.Try(func() { s.makeFollowed(p, dest); p.Goto(found) }, nil, program.Any)
	p.Try(func() { s.openLink(p, dest) }, placeless, program.Any)
	p.Place(found)
	s.attributes(p, tree)
	p.Try(func() { p.MoveMount(tree, dest) }, placeless, program.Any)
}

// makeFollowed makes an empty file where Dest leads, inside the root. It is not open for writing, which would keep the root from
// becoming read-only, and should a fifo have come there nobody waits.
func (s Bind) makeFollowed(p *program.Program, dest program.Arg) {
	p.Openat2Into(dest, root(p), rel(s.Dest), unix.O_RDONLY|unix.O_CREAT|unix.O_NONBLOCK, 0o644, inRoot)
}

// openLink opens a symlink itself.
func (s Bind) openLink(p *program.Program, dest program.Arg) {
	p.Openat2Into(dest, root(p), rel(s.Dest), unix.O_PATH|unix.O_NOFOLLOW, 0, inRoot)
}
