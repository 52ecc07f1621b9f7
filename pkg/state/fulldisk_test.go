package state

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

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
