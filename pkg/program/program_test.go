package program_test

import (
	"testing"

	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/program"
	"github.com/urun/urun/pkg/sys"
)

func TestAt(t *testing.T) {
	p := program.New()
	p.Begin(heading("one"))
	p.Fchdir(program.Int(3))
	p.Begin(heading("two"))
	p.Call(unix.SYS_SETSID)
	p.Close(program.Int(3))
	for _, tc := range []struct {
		fromEnd, step int
		call          string
	}{
		{4, 0, "fchdir"},
		{3, 1, "setsid"},
		{2, 1, "close"},
		{1, -1, "unknown call"}, // the exit that Link adds
		{0, -1, "unknown call"},
		{5, -1, "unknown call"},
		{-1, -1, "unknown call"},
	} {
		if step, call := p.At(tc.fromEnd); step != tc.step || call != tc.call {
			t.Errorf("At(%d) = %d, %s; want %d, %s", tc.fromEnd, step, call, tc.step, tc.call)
		}
	}
}

// TestAtSurvivesAnotherBeginning is why failures are counted from the end: start compiles the plan anew, for another
// terminal, and must still find the step that failed.
func TestAtSurvivesAnotherBeginning(t *testing.T) {
	long := everything()
	short := program.New()
	for _, p := range []*program.Program{long, short} {
		p.Begin(heading("last"))
		p.Fchdir(program.Int(3))
	}
	for _, p := range []*program.Program{long, short} {
		step, call := p.At(2)
		if call != "fchdir" || p.Steps()[step].String() != "last" {
			t.Errorf("two before the end is %s of step %d", call, step)
		}
	}
}

func TestInputIsOneCell(t *testing.T) {
	p := program.New()
	first := p.Input("root")
	if p.Input("root") != first {
		t.Error("the same name gives two cells")
	}
	if p.Input("root") == p.Input("sock") {
		t.Error("two names give one cell")
	}
}

func TestLinkInputs(t *testing.T) {
	p := program.New()
	p.Input("given")
	p.Input("open")
	p.Cell(program.Int(-7))
	c := p.Link(map[string]uint64{"sock": 5, "given": 9, "nobody asked": 1})
	unset := ^uint64(0)
	want := []uint64{5, 0, 9, unset, uint64(1<<64 - 7)}
	for i, v := range want {
		if c.Cells[i] != v {
			t.Errorf("cell %d is %d, want %d", i, int64(c.Cells[i]), int64(v))
		}
	}
	if c.Cells[sys.ReportCell] != 5 {
		t.Error("failures are not reported to the input sock")
	}
}

func TestLinkAddresses(t *testing.T) {
	p := program.New()
	p.Begin(heading("addresses"))
	text := p.Str("hello")
	aligned := p.Data([]byte{1, 2, 3})
	fd := p.Input("sock")
	p.Call(unix.SYS_WRITE, fd, text, program.Int(5), fd.Addr(), aligned)
	c := p.Link(nil)
	op := c.Ops[0]
	if op.Cells != 0b00001 || op.DataAddrs != 0b10010 || op.CellAddrs != 0b01000 {
		t.Errorf("values of cells %b, addresses of data %b, of cells %b", op.Cells, op.DataAddrs, op.CellAddrs)
	}
	if want := [6]uintptr{0, 0, 5, 0, 8}; op.Args != want {
		t.Errorf("arguments %d, want %d", op.Args, want)
	}
	if string(c.Data[:6]) != "hello\x00" || c.Data[8] != 1 {
		t.Errorf("data is %q", c.Data)
	}
}

func TestLinkBranches(t *testing.T) {
	p := program.New()
	p.Begin(heading("branches"))
	p.Try(func() { p.Close(program.Int(1)) }, func() { p.Close(program.Int(2)) }, unix.EBADF, unix.EIO)
	p.Close(program.Int(3))
	c := p.Link(nil)
	// 0: close 1, else 2   1: goto 3   2: close 2   3: close 3   4: exit_group
	if len(c.Ops) != 5 || c.Ops[4].Nr != unix.SYS_EXIT_GROUP {
		t.Fatalf("the program has %d instructions and ends in call %d", len(c.Ops), c.Ops[len(c.Ops)-1].Nr)
	}
	first := c.Ops[0]
	if first.Then != 1 || first.Else != 2 || first.Catch != [5]uint16{uint16(unix.EBADF), uint16(unix.EIO)} {
		t.Errorf("the tried call goes on at %d, else at %d, on %v", first.Then, first.Else, first.Catch)
	}
	if jump := c.Ops[1]; jump.Nr != sys.Copy || jump.Then != 3 {
		t.Errorf("behind the body stands call %d to %d, not a jump to 3", jump.Nr, jump.Then)
	}
	if last := c.Ops[3]; last.Catch != [5]uint16{} {
		t.Errorf("a call behind Try still catches %v", last.Catch)
	}
}

func TestLinkTwice(t *testing.T) {
	p := everything()
	a, b := p.Link(nil), p.Link(nil)
	a.Cells[2] = 99
	if b.Cells[2] == 99 || len(a.Ops) != len(b.Ops) {
		t.Error("two linked programs share their cells")
	}
}

func TestWordsForPeople(t *testing.T) {
	for _, tc := range []struct{ got, want string }{
		{program.Namespaces(unix.CLONE_NEWPID | unix.CLONE_NEWUSER | unix.CLONE_NEWNS), "user,mount,pid"},
		{program.Namespaces(0), ""},
		{program.Flags(unix.MS_REC | unix.MS_SLAVE), "MS_REC|MS_SLAVE"},
		{program.Flags(unix.MS_RDONLY | 1<<40), "MS_RDONLY|0x10000000000"},
		{program.Attrs(unix.MOUNT_ATTR_RDONLY | unix.MOUNT_ATTR_NOEXEC), "RDONLY|NOEXEC"},
		{program.Attrs(0), "0x0"},
	} {
		if tc.got != tc.want {
			t.Errorf("%q, want %q", tc.got, tc.want)
		}
	}
}
