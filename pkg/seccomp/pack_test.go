package seccomp

import (
	"hash/fnv"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

func TestPack(t *testing.T) {
	for _, f := range []Filter{
		{Insns: []unix.SockFilter{{Code: 6, Jt: 1, Jf: 2, K: 0x7fff0000}}},
		{Insns: []unix.SockFilter{{Code: 6}, {K: 9}}, Flags: 6, Skipped: []string{"a", "b"}},
		{Insns: []unix.SockFilter{{Code: 6}}, Flags: unix.SECCOMP_FILTER_FLAG_NEW_LISTENER, Listener: true},
	} {
		b := f.Pack([]byte("{section}"))
		if d := cmp.Diff(&f, Unpack(b, []byte("{section}"))); d != "" {
			t.Error(d)
		}
		for name, bad := range map[string]*Filter{
			"another section": Unpack(b, []byte("{Section}")), "cut": Unpack(b[:len(b)-1], []byte("{section}")), "nothing": Unpack(nil, nil),
			"longer": Unpack(append(b[:len(b):len(b)], 0), []byte("{section}")), "another generation": Unpack(append([]byte{99}, b[1:]...), []byte("{section}")),
		} {
			if bad != nil {
				t.Errorf("%s is unpacked: %+v", name, bad)
			}
		}
	}
}

func FuzzUnpack(f *testing.F) {
	f.Add((&Filter{Insns: make([]unix.SockFilter, 2)}).Pack([]byte("x")), []byte("x"))
	f.Fuzz(func(t *testing.T, b, section []byte) {
		if f := Unpack(b, section); f != nil && string(f.Pack(section)) != string(b) {
			t.Errorf("%q is unpacked to %+v", b, f)
		}
	})
}

// TestGeneration notices when the compiler makes something else of the same sections, while filters may be kept that an
// earlier one made.
func TestGeneration(t *testing.T) {
	const of1 = uint64(0x1098ec0a3b2f76a8)
	sum := fnv.New64a()
	r := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		s, native := randomSection(r)
		if f, err := Compile(s, native); err == nil {
			_, _ = sum.Write(f.Pack(nil))
		}
	}
	if got := sum.Sum64(); generation != 1 || got != of1 {
		t.Errorf("generation %d makes %#x, not %#x: raise the generation, and write the new sum here", generation, got, of1)
	}
}
