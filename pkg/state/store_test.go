package state

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// TestMain lets the test binary play other processes.
func TestMain(m *testing.M) {
	switch os.Getenv("STATE_TEST_ROLE") {
	case "create": // prints "won" when it got the id, then keeps it until stdin ends
		playCreate()
	case "full":
		playFullDisk()
	default:
		os.Exit(m.Run())
	}
}

func play(role, root string) *exec.Cmd {
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), "STATE_TEST_ROLE="+role, "STATE_TEST_ROOT="+root)
	cmd.Stderr = os.Stderr
	return cmd
}

func playCreate() {
	d, err := Store{Root: os.Getenv("STATE_TEST_ROOT")}.Create("one")
	switch {
	case err == nil:
		if err := d.Save(Record{ID: "one"}); err != nil {
			panic(err)
		}
		fmt.Println("won")
	case !errors.Is(err, ErrExists):
		fmt.Println(err)
	}
	_, _ = os.Stdin.Read(make([]byte, 1))
}

func newStore(t *testing.T) Store {
	t.Helper()
	return Store{Root: t.TempDir()}
}

func create(t *testing.T, s Store, id string, r Record) *Dir {
	t.Helper()
	d, err := s.Create(id)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Close)
	r.ID = id
	if err := d.Save(r); err != nil {
		t.Fatal(err)
	}
	d.Unlock()
	return d
}

func TestCreateOneWinner(t *testing.T) {
	s := newStore(t)
	for range 20 {
		var won atomic.Int32
		var wg sync.WaitGroup
		for range 50 {
			wg.Go(func() {
				d, err := s.Create("one")
				if errors.Is(err, ErrExists) {
					return
				}
				if err != nil {
					t.Error(err)
					return
				}
				won.Add(1)
				if err := d.Save(Record{ID: "one"}); err != nil {
					t.Error(err)
				}
				d.Close()
			})
		}
		wg.Wait()
		if won.Load() != 1 {
			t.Fatalf("%d winners", won.Load())
		}
		d, err := s.Open("one")
		if err != nil || d.Lock() != nil || d.Remove() != nil {
			t.Fatal("clean up", err)
		}
	}
}

// Creating and removing at the same time: never two owners, and no owner loses its directory to a remover.
func TestCreateAgainstRemove(t *testing.T) {
	s := newStore(t)
	var owners, wins atomic.Int32
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			for range 200 {
				d, err := s.Create("one")
				if errors.Is(err, ErrExists) {
					continue
				}
				if err != nil {
					t.Error(err)
					return
				}
				wins.Add(1)
				if owners.Add(1) != 1 {
					t.Error("two owners")
				}
				if err := d.Save(Record{ID: "one"}); err != nil {
					t.Error(err)
				}
				if _, err := os.Stat(filepath.Join(s.Root, "one", "state.json")); err != nil {
					t.Error("not the directory at the path:", err)
				}
				owners.Add(-1)
				if err := d.Remove(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if entries, _ := os.ReadDir(s.Root); len(entries) != 0 {
		t.Error("left over:", entries)
	}
	t.Log(wins.Load(), "wins")
}

func TestCreateOneWinnerAmongProcesses(t *testing.T) {
	s := newStore(t)
	outs := make([]strings.Builder, 12)
	var cmds []*exec.Cmd
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	for i := range outs {
		cmd := play("create", s.Root)
		cmd.Stdin, cmd.Stdout = r, &outs[i]
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		cmds = append(cmds, cmd)
	}
	_ = w.Close()
	all := ""
	for i, cmd := range cmds {
		_ = cmd.Wait()
		all += outs[i].String()
	}
	if all != "won\n" {
		t.Errorf("got %q", all)
	}
}

// A creation that was killed leaves a directory that is neither listed nor in the way; its lock died with it.
func TestCreateAfterKilledCreation(t *testing.T) {
	s := newStore(t)
	if err := os.MkdirAll(filepath.Join(s.Root, "one"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, leftover := range []string{"", "{ broken", `{"version":1,"id":"one","creating":true,"pid":0}`,
		`{"version":1,"id":"one","bootID":"earlier","pid":1}`, `{"version":1,"id":"one","creating":true,"pid":1,"startTime":5}`} {
		if leftover != "" {
			for _, name := range []string{"state.json", "state.json.new", "start.sock"} {
				if err := os.WriteFile(filepath.Join(s.Root, "one", name), []byte(leftover), 0o600); err != nil {
					t.Fatal(err)
				}
			}
		} else if l, err := s.List(); err != nil || len(l) != 0 {
			t.Error("listed:", l, err)
		}
		d, err := s.Create("one")
		if err != nil {
			t.Fatalf("after %q: %v", leftover, err)
		}
		if entries, _ := os.ReadDir(d.Path()); len(entries) != 1 {
			t.Errorf("after %q there is %v", leftover, entries)
		}
		d.Close()
	}
}

func TestCreateKeepsStopped(t *testing.T) {
	s := newStore(t)
	create(t, s, "one", Record{Pid: 0, BootID: BootID()})
	if _, err := s.Create("one"); !errors.Is(err, ErrExists) {
		t.Error(err)
	}
}

func TestCreateErrors(t *testing.T) {
	s := newStore(t)
	for _, id := range []string{"", "..", "a/b", strings.Repeat("a", 300)} {
		if d, err := s.Create(id); err == nil {
			t.Error("created", d.Path())
		}
	}
	if _, err := (Store{Root: s.Root + "/none"}).Create("a"); err == nil || errors.Is(err, ErrNotExist) {
		t.Error(err)
	}
	if err := os.Symlink(t.TempDir(), filepath.Join(s.Root, "link")); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Create("link"); err == nil || !strings.Contains(err.Error(), s.Root) {
		t.Error(err)
	}
}

func TestOpen(t *testing.T) {
	s := newStore(t)
	for _, id := range []string{"none", strings.Repeat("a", 300)} {
		if _, err := s.Open(id); !errors.Is(err, ErrNotExist) {
			t.Error(err)
		}
	}
	d := create(t, s, "one", sample("one"))
	if err := os.Chmod(d.Path(), 0); err != nil {
		t.Fatal(err)
	}
	defer os.Chmod(d.Path(), 0o700) //nolint:errcheck // for the clean-up
	if os.Geteuid() == 0 {
		t.Skip("root reads everything")
	}
	if _, err := s.Open("one"); err == nil || !strings.Contains(err.Error(), d.Path()) {
		t.Error("the error does not name the directory:", err)
	}
	if l, err := s.List(); err != nil || len(l) != 1 || l[0].Err == nil || !strings.Contains(l[0].Err.Error(), d.Path()) {
		t.Error(l, err)
	}
}

func TestList(t *testing.T) {
	s := newStore(t)
	for _, id := range []string{"c", "a", "b", "d"} {
		create(t, s, id, sample(id))
	}
	if err := os.WriteFile(filepath.Join(s.Root, "b", "state.json"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	_ = os.Remove(filepath.Join(s.Root, "d", "state.json"))
	_ = os.Mkdir(filepath.Join(s.Root, "not an id"), 0o700)
	_ = os.WriteFile(filepath.Join(s.Root, "file"), nil, 0o600)
	l, err := s.List()
	if err != nil || len(l) != 3 || l[0].ID != "a" || l[1].ID != "b" || l[2].ID != "c" {
		t.Fatal(l, err)
	}
	if l[0].Err != nil || l[0].Record.Pid != 4242 || !errors.Is(l[1].Err, ErrCorrupt) {
		t.Error(l)
	}
	if l, err := (Store{Root: s.Root + "/none"}).List(); err != nil || l != nil {
		t.Error(l, err)
	}
}

func TestLock(t *testing.T) {
	s := newStore(t)
	create(t, s, "one", Record{})
	a, _ := s.Open("one")
	b, _ := s.Open("one")
	defer a.Close()
	defer b.Close()
	if err := a.Lock(); err != nil {
		t.Fatal(err)
	}
	if ok, err := b.TryLock(); ok || err != nil {
		t.Error(ok, err)
	}
	// A program started meanwhile must not keep it.
	cmd := exec.Command("sleep", "100")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = cmd.Process.Kill(); _ = cmd.Wait() }()
	a.Unlock()
	if ok, err := b.TryLock(); !ok || err != nil {
		t.Error(ok, err)
	}
	done := make(chan error)
	go func() { done <- a.Lock() }()
	if err := b.Remove(); err != nil {
		t.Fatal(err)
	}
	if err := <-done; !errors.Is(err, ErrNotExist) {
		t.Error("lock of a removed container:", err)
	}
	if err := a.Lock(); !errors.Is(err, ErrNotExist) {
		t.Error("lock of a removed container:", err)
	}
}

func TestRemoveTakesEverything(t *testing.T) {
	s := newStore(t)
	d := create(t, s, "one", Record{})
	if err := os.MkdirAll(filepath.Join(d.Path(), "sub", "sub"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := d.SaveConfig([]byte("{}")); err != nil {
		t.Fatal(err)
	}
	if raw, err := d.Config(); err != nil || string(raw) != "{}" {
		t.Error(raw, err)
	}
	if err := d.Lock(); err != nil {
		t.Fatal(err)
	}
	if err := d.Remove(); err != nil {
		t.Error(err)
	}
	if entries, _ := os.ReadDir(s.Root); len(entries) != 0 {
		t.Error(entries)
	}
}

// TestSaveOnFullDisk runs on a tmpfs of two pages in a user and mount namespace of its own.
func TestSaveOnFullDisk(t *testing.T) {
	cmd := play("full", t.TempDir())
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  unix.CLONE_NEWUSER | unix.CLONE_NEWNS,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Geteuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getegid(), Size: 1}},
	}
	out, err := cmd.Output()
	if errors.Is(err, unix.EPERM) || errors.Is(err, unix.ENOSPC) {
		t.Skip("no user namespaces here: ", err)
	}
	if err != nil || string(out) != "ok\n" {
		t.Errorf("%q, %v", out, err)
	}
}

func playFullDisk() {
	root := os.Getenv("STATE_TEST_ROOT")
	must := func(err error) {
		if err != nil {
			panic(err)
		}
	}
	must(unix.Mount("tmpfs", root, "tmpfs", 0, "size=8k"))
	d, err := Store{Root: root}.Create("one")
	must(err)
	must(d.Save(Record{ID: "one", Pid: 7}))
	big := Record{ID: "one", Pid: 8, Annotations: map[string]string{"a": strings.Repeat("x", 10000)}}
	if err := d.Save(big); !errors.Is(err, unix.ENOSPC) || !strings.Contains(err.Error(), d.Path()) {
		fmt.Println("save on a full disk:", err)
	}
	if r, err := d.Load(); err != nil || r.Pid != 7 {
		fmt.Println("old record:", r, err)
	}
	if entries, _ := os.ReadDir(d.Path()); len(entries) != 2 {
		fmt.Println("left over:", entries)
	}
	must(d.Remove())
	fmt.Println("ok")
}
