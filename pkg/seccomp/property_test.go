package seccomp

import (
	"encoding/json"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"
)

const tooLong = "more than the 4096 instructions that the kernel takes"

// sameAsNaive compiles one random section and compares the answers to random events with those of the naive evaluator.
func sameAsNaive(t *testing.T, r *rand.Rand, events int) {
	s, native := randomSection(r)
	f, err := Compile(s, native)
	if err != nil && strings.HasSuffix(err.Error(), tooLong) {
		return
	}
	if err != nil {
		text, _ := json.Marshal(s)
		t.Fatalf("%v\n%s", err, text)
	}
	loadable(t, f.Insns)
	for range events {
		e, a := randomEvent(r, s, native)
		got, _, err := interpret(f.Insns, e, a.order)
		if want := naive(s, native, e); err != nil || got != want {
			text, _ := json.Marshal(s)
			t.Fatalf("%v: %s, want %s (%v)\nnative %s\n%s\n%s", e, retName(got), retName(want), err, native, text, f)
		}
	}
}

// loadable does the checks of the kernel: known instructions, jumps that stay inside, an answer at the end.
func loadable(t *testing.T, prog []unix.SockFilter) {
	t.Helper()
	if len(prog) == 0 || len(prog) > 4096 || prog[len(prog)-1].Code != opRet {
		t.Fatalf("%d instructions, or no answer at the end", len(prog))
	}
	for pc, i := range prog {
		furthest := 0
		switch i.Code {
		case opLoad, opAnd, opRet:
		case opJA:
			furthest = int(i.K)
		case opJEQ, opJGT, opJGE:
			furthest = int(max(i.Jt, i.Jf))
		default:
			t.Fatalf("%d: code %#x", pc, i.Code)
		}
		if pc+1+furthest >= len(prog) && i.Code != opRet {
			t.Fatalf("%d jumps out", pc)
		}
	}
}

func TestSameAsNaive(t *testing.T) {
	for seed := range uint64(1500) {
		sameAsNaive(t, rand.New(rand.NewPCG(seed, 1)), 100)
	}
}

func FuzzSameAsNaive(f *testing.F) {
	f.Add(uint64(1), uint64(2))
	f.Fuzz(func(t *testing.T, a, b uint64) { sameAsNaive(t, rand.New(rand.NewPCG(a, b)), 50) })
}

// FuzzJSON: whatever a config says, there is a filter that the kernel takes or an error that names the place.
func FuzzJSON(f *testing.F) {
	f.Add([]byte(`{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": ["read"], "action": "SCMP_ACT_ALLOW",
		"args": [{"index": 1, "value": 2, "valueTwo": 3, "op": "SCMP_CMP_MASKED_EQ"}]}]}`))
	f.Add([]byte(`{"defaultAction": "SCMP_ACT_NOTIFY"}`))
	f.Add([]byte(`{"defaultAction": "SCMP_ACT_LOG", "architectures": ["SCMP_ARCH_S390", "SCMP_ARCH_X32"], "flags": [""]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		var s specs.LinuxSeccomp
		if json.Unmarshal(text, &s) != nil {
			return
		}
		filter, err := Compile(&s, specs.ArchX86_64)
		switch {
		case err == nil:
			loadable(t, filter.Insns)
			_ = filter.String()
		case !strings.HasPrefix(err.Error(), "linux.seccomp."):
			t.Fatal(err)
		}
	})
}
