package host

import (
	"os"
	"strconv"
	"testing"
)

func TestDetect(t *testing.T) {
	h, err := Detect()
	if err != nil {
		t.Fatal(err)
	}
	if h.UID != uint32(os.Geteuid()) || h.GID != uint32(os.Getegid()) {
		t.Errorf("ids %d:%d", h.UID, h.GID)
	}
	if root := os.Geteuid() == 0; !h.Nested && (h.SetIDs != root || h.SysAdmin != root) {
		t.Logf("capabilities of uid %d: set ids %v, admin %v", h.UID, h.SetIDs, h.SysAdmin)
	}
	if said := word("/proc/sys/kernel/cap_last_cap"); strconv.Itoa(h.LastCap) != said {
		t.Errorf("last capability %d, the kernel says %s", h.LastCap, said)
	}
	SubIDs(&h)
	if h.SubIDSource == "" {
		t.Errorf("ranges come from nowhere")
	}
	t.Logf("%+v", h)
}

func TestInitial(t *testing.T) {
	for in, want := range map[string]bool{
		"         0          0 4294967295\n": true,
		"         0       1000          1\n": false,
		"0 0 4294967294\n":                   false,
		"0 1000 1\n1 100000 65536\n":         false,
		"":                                   false,
	} {
		if got := initial([]byte(in)); got != want {
			t.Errorf("%q: %v", in, got)
		}
	}
}

func TestPipe(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	null, err := os.Open("/dev/null")
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	if !pipe(int(w.Fd())) || pipe(int(null.Fd())) || pipe(-1) {
		t.Errorf("pipe %v, /dev/null %v, nothing %v", pipe(int(w.Fd())), pipe(int(null.Fd())), pipe(-1))
	}
}

func BenchmarkDetect(b *testing.B) {
	for b.Loop() {
		if _, err := Detect(); err != nil {
			b.Fatal(err)
		}
	}
}
