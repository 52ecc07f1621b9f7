package main

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"fmt"
	"os"
)

// What runs inside the containers must not blur what is measured, and a C compiler cannot be assumed. So the bench
// writes its container programs itself: an ELF header, one segment, a dozen bytes of code.

// machine is one architecture's way of saying exit(0) and "pause for ever".
type machine struct {
	id          elf.Machine
	exit, pause []byte
}

var machines = map[string]machine{
	"amd64": {elf.EM_X86_64,
		[]byte{
			0xb8, 0x3c, 0, 0, 0, // mov eax, 60 (exit)
			0x31, 0xff, //          xor edi, edi
			0x0f, 0x05, //          syscall
		},
		[]byte{
			0xb8, 0x22, 0, 0, 0, // mov eax, 34 (pause)
			0x0f, 0x05, //          syscall
			0xeb, 0xf7, //          jmp to the mov
		},
	},
	"arm64": {elf.EM_AARCH64,
		words(
			0xd2800ba8, // mov x8, 93 (exit)
			0xd2800000, // mov x0, 0
			0xd4000001, // svc 0
		),
		words(
			0xd2800000, // mov x0, 0: there is no pause here, but ppoll with nothing to wait for
			0xd2800001, // mov x1, 0
			0xd2800002, // mov x2, 0
			0xd2800003, // mov x3, 0
			0xd2800928, // mov x8, 73 (ppoll)
			0xd4000001, // svc 0
			0x17fffffa, // b to the first mov
		),
	},
}

func words(code ...uint32) []byte {
	var b []byte
	for _, w := range code {
		b = binary.LittleEndian.AppendUint32(b, w)
	}
	return b
}

// writeProgram writes code as a static executable: elf(5), one PT_LOAD that maps the whole file.
func writeProgram(path string, id elf.Machine, code []byte) error {
	const base, headers = 0x400000, 64 + 56
	size := uint64(headers + len(code))
	var b bytes.Buffer
	parts := []any{
		elf.Header64{
			Ident: [elf.EI_NIDENT]byte{0x7f, 'E', 'L', 'F', byte(elf.ELFCLASS64), byte(elf.ELFDATA2LSB), byte(elf.EV_CURRENT)},
			Type:  uint16(elf.ET_EXEC), Machine: uint16(id), Version: uint32(elf.EV_CURRENT),
			Entry: base + headers, Phoff: 64, Ehsize: 64, Phentsize: 56, Phnum: 1, Shentsize: 64,
		},
		elf.Prog64{
			Type: uint32(elf.PT_LOAD), Flags: uint32(elf.PF_R | elf.PF_X),
			Vaddr: base, Paddr: base, Filesz: size, Memsz: size, Align: 0x1000,
		},
		code,
	}
	for _, part := range parts {
		if err := binary.Write(&b, binary.LittleEndian, part); err != nil {
			return fmt.Errorf("encode %s: %w", path, err)
		}
	}
	return os.WriteFile(path, b.Bytes(), 0o755)
}

// writePrograms puts true and pause into a directory.
func writePrograms(dir, goarch string) error {
	m, ok := machines[goarch]
	if !ok {
		return fmt.Errorf("no container program for %s: teach hack/bench/elf.go", goarch)
	}
	if err := writeProgram(dir+"/true", m.id, m.exit); err != nil {
		return err
	}
	return writeProgram(dir+"/pause", m.id, m.pause)
}
