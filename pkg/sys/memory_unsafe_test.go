package sys_test

import (
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/sys"
)

// written makes code of its own memory that writes size bytes from an address to a pipe.
func written(w uintptr, at func(*sys.Code) uintptr, size uintptr) *sys.Code {
	c := sys.NewCode(2, 4, 8)
	copy(c.Data, "inside\x00")
	c.Cells[sys.ReportCell] = ^uint64(0) // nobody listens
	c.Ops[0] = sys.Op{Nr: unix.SYS_WRITE, Args: [6]uintptr{w, at(c), size}, Dst: 2, Then: 1}
	c.Ops[1] = exit
	return c
}

const elsewhere = "the secret is in another arena than the stack"

// TestNewCodeLeavesTheHeap: the child has the program, and nothing of Go's heap. A heap that has grown, as that of the tests has,
// may lie in two arenas, of which one is left (heapAround): so it is looked at in a process whose secret lies beside the stack.
func TestNewCodeLeavesTheHeap(t *testing.T) {
	if os.Getenv("URUN_TEST_HEAP") != "" {
		leavesTheHeap(t)
		return
	}
	for range 20 {
		cmd := exec.Command("/proc/self/exe", "-test.run=^TestNewCodeLeavesTheHeap$", "-test.v")
		cmd.Env = append(os.Environ(), "URUN_TEST_HEAP=1")
		out, err := cmd.CombinedOutput()
		switch said := string(out); {
		case err != nil || !strings.Contains(said, "--- PASS: TestNewCodeLeavesTheHeap/heap"):
			t.Fatalf("%v: %s", err, said)
		case !strings.Contains(said, elsewhere):
			return
		}
	}
	t.Error("the heap had a second arena in each of 20 processes")
}

func leavesTheHeap(t *testing.T) {
	secret := make([]byte, 1<<20)
	copy(secret, "secret")
	for name, test := range map[string]struct {
		at   func(*sys.Code) uintptr
		want string
		code int
	}{
		"data": {func(c *sys.Code) uintptr { return c.Addr(0) }, "inside", 0},
		"heap": {func(*sys.Code) uintptr { return uintptr(unsafe.Pointer(unsafe.SliceData(secret))) }, "", 127},
	} {
		t.Run(name, func(t *testing.T) {
			r, w := pipe(t)
			c := written(w.Fd(), test.at, 6)
			defer c.Free()
			child := fork(t, 0, c)
			var stack byte // it has grown by now as far as it needs to
			if sys.HeapAround(uintptr(unsafe.Pointer(&stack))) != sys.HeapAround(uintptr(unsafe.Pointer(unsafe.SliceData(secret)))) {
				t.Log(elsewhere)
				return
			}
			if status := wait(t, child); status.ExitStatus() != test.code {
				t.Errorf("exit status %#x, want %d", status, test.code)
			}
			w.Close()
			buf := make([]byte, 16)
			if n, _ := r.Read(buf); string(buf[:n]) != test.want {
				t.Errorf("the child wrote %q, want %q", buf[:n], test.want)
			}
		})
	}
	runtime.KeepAlive(secret)
}

// TestHeapIsInheritedAgain: whoever forks after us has a whole copy.
func TestHeapIsInheritedAgain(t *testing.T) {
	r, w := pipe(t)
	c := written(w.Fd(), func(c *sys.Code) uintptr { return c.Addr(0) }, 6)
	fork(t, 0, c)
	c.Free()
	c = seq(sys.Op{Nr: unix.SYS_WRITE, Args: [6]uintptr{w.Fd(), 0, 5}})
	c.Ops[0].Args[1] = c.Addr(0)
	if status, m := outcome(t, 0, c); status != 0 {
		t.Errorf("exit status %d, message %+v", status, m)
	}
	w.Close()
	buf := make([]byte, 32)
	n := 0
	for {
		k, err := r.Read(buf[n:])
		if n += k; err != nil {
			break
		}
	}
	if got := string(buf[:n]); got != "insidehello" && got != "helloinside" {
		t.Errorf("the children wrote %q", got)
	}
}
