package seccomp

import (
	"bytes"
	"encoding/binary"
	"strings"

	"golang.org/x/sys/unix"
)

// generation is that of the compiler: packed filters of another are not unpacked. Raise it with every change of what comes out
// for the same section; TestGeneration notices.
const generation = 1

var packed = binary.NativeEndian

// Pack writes a filter down, with the text of the section that it was compiled from, for Unpack.
func (f *Filter) Pack(section []byte) []byte {
	skipped := strings.Join(f.Skipped, "\n")
	b := make([]byte, 0, 4*5+len(section)+len(skipped)+8*len(f.Insns))
	for _, n := range []int{generation, len(section), len(skipped), len(f.Insns), int(f.Flags)} {
		b = packed.AppendUint32(b, uint32(n))
	}
	b = append(append(b, section...), skipped...)
	for _, i := range f.Insns {
		b = packed.AppendUint16(b, i.Code)
		b = append(b, i.Jt, i.Jf)
		b = packed.AppendUint32(b, i.K)
	}
	return b
}

// Unpack returns the filter that was packed for just this section by this generation of the compiler, on this machine; nil for
// anything else.
func Unpack(b, section []byte) *Filter {
	if len(b) < 20 {
		return nil
	}
	var head [5]int
	for i := range head {
		head[i] = int(packed.Uint32(b[4*i:]))
	}
	b = b[20:]
	text, names, insns := head[1], head[2], head[3]
	if head[0] != generation || insns == 0 || insns > maxInsns || len(b) != text+names+8*insns || !bytes.Equal(b[:text], section) {
		return nil
	}
	f := &Filter{Insns: make([]unix.SockFilter, insns), Flags: uint32(head[4]), Listener: head[4]&unix.SECCOMP_FILTER_FLAG_NEW_LISTENER != 0}
	if names > 0 {
		f.Skipped = strings.Split(string(b[text:text+names]), "\n")
	}
	b = b[text+names:]
	for i := range f.Insns {
		f.Insns[i] = unix.SockFilter{Code: packed.Uint16(b[8*i:]), Jt: b[8*i+2], Jf: b[8*i+3], K: packed.Uint32(b[8*i+4:])}
	}
	return f
}
