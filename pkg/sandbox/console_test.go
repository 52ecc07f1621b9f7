package sandbox

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/program"
	"github.com/urun/urun/pkg/step"
)

// devpts is a step that gives the child terminals of its own.
type devpts struct{}

func (devpts) String() string { return "mount a devpts" }

func (devpts) Emit(p *program.Program) {
	p.Mount("devpts", "/dev/pts", "devpts", 0, "newinstance,ptmxmode=0666,mode=0620")
}

func TestConsole(t *testing.T) {
	ours, theirs, err := ConsolePair()
	if err != nil {
		t.Fatal(err)
	}
	defer closeAll([]int{ours, theirs})
	c := start(t, newborn(devpts{}, step.Session{}, step.Console{Rows: 33, Cols: 121}, step.Ready{},
		shell("stty size; read line; echo got $line; stat -Lc %a:%u /proc/self/fd/0; tty -s && exit 4")), Options{Inputs: map[string]int{"console": theirs}})
	fd, err := ReceiveFD(ours)
	if err != nil {
		t.Fatal(err)
	}
	if flags, _ := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); flags&unix.FD_CLOEXEC == 0 {
		t.Error("the master is not close-on-exec")
	}
	if mode, _ := unix.FcntlInt(uintptr(fd), unix.F_GETFL, 0); mode&unix.O_ACCMODE != unix.O_RDWR {
		t.Errorf("the master's flags are %#x", mode)
	}
	size, err := unix.IoctlGetWinsize(fd, unix.TIOCGWINSZ)
	if err != nil || size.Row != 33 || size.Col != 121 {
		t.Errorf("size %+v %v", size, err)
	}
	master := os.NewFile(uintptr(fd), "master")
	defer master.Close()
	if err := errors.Join(c.Consent(), c.Started()); err != nil {
		t.Fatal(err)
	}
	if _, err := master.WriteString("hello\n"); err != nil {
		t.Fatal(err)
	}
	if status := c.Wait(); status.ExitStatus() != 4 {
		t.Errorf("its stdin is no terminal: status %#x", status)
	}
	buf := make([]byte, 4096)
	said := ""
	for {
		n, err := master.Read(buf)
		said += string(buf[:n])
		if err != nil {
			break
		}
	}
	wantText(t, errors.New(said), "33 121\r\n")
	wantText(t, errors.New(said), "got hello\r\n620:0\r\n")
}

func TestSendFD(t *testing.T) {
	ours, theirs, err := ConsolePair()
	if err != nil {
		t.Fatal(err)
	}
	defer closeAll([]int{ours, theirs})
	file, err := os.Create(filepath.Join(t.TempDir(), "file"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if err := SendFD(theirs, int(file.Fd()), "a name"); err != nil {
		t.Fatal(err)
	}
	fd, err := ReceiveFD(ours)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	var a, b unix.Stat_t
	if err := errors.Join(unix.Fstat(fd, &a), unix.Fstat(int(file.Fd()), &b)); err != nil || a.Ino != b.Ino || a.Dev != b.Dev {
		t.Errorf("another file came: %v", err)
	}
	wantText(t, SendFD(theirs, -1, "none"), "sendmsg: bad file descriptor")
}

func TestReceiveNothing(t *testing.T) {
	ours, theirs, err := ConsolePair()
	if err != nil {
		t.Fatal(err)
	}
	defer closeAll([]int{ours})
	_, _ = unix.Write(theirs, []byte("only words"))
	unix.Close(theirs)
	for _, what := range []string{"words without a descriptor", "the end"} {
		if fd, err := ReceiveFD(ours); err == nil || fd != -1 {
			t.Errorf("%s: descriptor %d", what, fd)
		} else {
			wantText(t, err, "no descriptor came over the socket")
		}
	}
	_, err = ReceiveFD(-1)
	wantText(t, err, "recvmsg: bad file descriptor")
}

func TestDial(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sock")
	leavesNothing(t, func() {
		_, err := Dial(path)
		wantText(t, err, "connect to "+path+": no such file or directory")
	})
	listen, err := Listen(path)
	if err != nil {
		t.Fatal(err)
	}
	leavesNothing(t, func() {
		fd, err := Dial(path)
		if err != nil {
			t.Fatal(err)
		}
		if flags, _ := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); flags&unix.FD_CLOEXEC == 0 {
			t.Error("it is not close-on-exec")
		}
		unix.Close(fd)
	})
	unix.Close(listen)
	_, err = Dial(path)
	wantText(t, err, "connect to "+path+": connection refused")
}
