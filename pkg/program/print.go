package program

import (
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/sys"
)

// String prints the program the way strace would, one call a line under the heading of its step. Results are called
// r1, r2, …; what stands behind => is what happens on an errno that is no failure.
func (p *Program) String() string {
	p.settle()
	pr := printer{p: p, at: map[int]int{}}
	for i := range p.ops {
		if op := &p.ops[i]; op.Catch[0] != 0 {
			pr.at[int(op.Else)] = 0
		} else if isJump(op) {
			pr.at[int(op.Then)] = 0
		}
	}
	step := -1
	for i := range p.ops {
		if s := int(int16(p.of[i])); s != step {
			step = s
			pr.b.WriteString("# " + strconv.Itoa(step+1) + " " + p.steps[step].String() + "\n")
		}
		pr.line(i)
	}
	return pr.b.String()
}

type printer struct {
	p  *Program
	b  strings.Builder
	at map[int]int // calls that something jumps to
}

func (pr *printer) line(i int) {
	op := &pr.p.ops[i]
	mark := "    "
	if _, ok := pr.at[i]; ok {
		mark = pad(strconv.Itoa(i)+":", 4)
	}
	pr.b.WriteString(mark + " ")
	switch {
	case isJump(op):
		pr.b.WriteString("goto " + strconv.Itoa(int(op.Then)))
	case op.Nr == sys.Copy:
		pr.b.WriteString(pr.cellName(op.Dst) + " = " + pr.arg(op, 0, 'd'))
	case op.Nr == sys.Expect:
		pr.b.WriteString("expect " + pr.arg(op, 0, 'd'))
		if op.Args[1] != ^uintptr(0) {
			pr.b.WriteString("&" + hex(uint64(op.Args[1])))
		}
		pr.b.WriteString(" == " + pr.arg(op, 2, 'd') + " else " + pr.errno(op))
	default:
		pr.syscall(op)
	}
	if op.Catch[0] != 0 {
		pr.b.WriteString(" => ")
		for k, e := range op.Catch {
			if e != 0 {
				if k > 0 {
					pr.b.WriteByte('|')
				}
				pr.b.WriteString(errnoName(e))
			}
		}
		pr.b.WriteString(": goto " + strconv.Itoa(int(op.Else)))
	}
	pr.b.WriteByte('\n')
}

func (pr *printer) syscall(op *sys.Op) {
	sig := signatureOf(uintptr(op.Nr))
	pr.b.WriteString(sig.name + "(")
	for j := range len(sig.args) {
		if j > 0 {
			pr.b.WriteString(", ")
		}
		pr.b.WriteString(pr.arg(op, j, sig.args[j]))
	}
	pr.b.WriteByte(')')
	if sig.result {
		pr.b.WriteString(" = " + pr.cellName(op.Dst))
	}
}

// errno prints the errno that an Expect fails with: one of its own, or what a call has yielded.
func (pr *printer) errno(op *sys.Op) string {
	if op.Cells&(1<<3) != 0 {
		return pr.arg(op, 3, 'd')
	}
	return errnoName(uint16(op.Args[3]))
}

func (pr *printer) cellName(i uint16) string {
	for _, in := range pr.p.inputs {
		if in.cell == i {
			return in.name
		}
	}
	return "r" + strconv.Itoa(int(i))
}

// arg prints argument j by the letter that the signature has for it; see signatureOf.
func (pr *printer) arg(op *sys.Op, j int, format byte) string {
	val, bit := uint64(op.Args[j]), uint8(1)<<j
	switch {
	case op.Cells&bit != 0:
		return pr.cellName(uint16(val))
	case op.DataAddrs&bit != 0:
		if format == 's' {
			return strconv.Quote(pr.str(val))
		}
		return "data"
	case op.CellAddrs&bit != 0:
		return pr.record(int(val), format)
	}
	return scalar(val, format)
}

func (pr *printer) str(off uint64) string {
	rest := pr.p.data[off:]
	for i, c := range rest {
		if c == 0 {
			return string(rest[:i])
		}
	}
	return string(rest)
}

// record prints the structure that begins at cell i.
func (pr *printer) record(i int, format byte) string {
	v := func(k int) uint64 { return pr.p.cells[i+k] }
	switch format {
	case 'H':
		s := "{" + scalar(v(0), 'o')
		if v(1) != 0 {
			s += ", 0" + strconv.FormatUint(v(1), 8)
		}
		return s + ", " + bits(v(2), resolveFlags) + "}"
	case 'A':
		return "{set=" + bits(v(0), mountAttrs) + ", clr=" + bits(v(1), mountAttrs) + ", propagation=" + bits(v(2), mountFlags) + "}"
	case 'L':
		var list []string
		for ; pr.p.kinds[i] == dataAddr; i++ {
			list = append(list, strconv.Quote(pr.str(pr.p.cells[i])))
		}
		return "[" + strings.Join(list, ", ") + "]"
	}
	return "&" + pr.cellName(uint16(i))
}

func scalar(v uint64, format byte) string {
	switch format {
	case 'd':
		if int64(v) == unix.AT_FDCWD {
			return "AT_FDCWD"
		}
	case 'o':
		return bits(v, openFlags)
	case 'M':
		return bits(v, mountFlags)
	case 'N':
		return bits(v, cloneFlags)
	case 'T':
		return bits(v, treeFlags)
	case 'm':
		return "0" + strconv.FormatUint(v, 8)
	case 'x':
		return hex(v)
	}
	return strconv.FormatInt(int64(v), 10)
}

func hex(v uint64) string { return "0x" + strconv.FormatUint(v, 16) }

func pad(s string, n int) string {
	for len(s) < n {
		s += " "
	}
	return s
}

func errnoName(e uint16) string {
	if e == sys.Any {
		return "any"
	}
	return unix.ErrnoName(unix.Errno(e))
}
