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
	pr := printer{p: p, at: map[int]int{}}
	for i := range p.calls {
		if c := &p.calls[i]; c.catch[0] != 0 {
			pr.at[p.labels[c.other]] = 0
		} else if c.then != 0 {
			pr.at[p.labels[c.then]] = 0
		}
	}
	step := -1
	for i := range p.calls {
		if s := p.calls[i].step; s != step {
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
	c := &pr.p.calls[i]
	mark := "    "
	if _, ok := pr.at[i]; ok {
		mark = pad(strconv.Itoa(i)+":", 4)
	}
	pr.b.WriteString(mark + " ")
	switch {
	case c.nr == sys.Copy && c.then != 0:
		pr.b.WriteString("goto " + strconv.Itoa(pr.p.labels[c.then]))
	case c.nr == sys.Copy:
		pr.b.WriteString(pr.cellName(c.dst) + " = " + pr.arg(c.args[0], 'd'))
	case c.nr == sys.Expect:
		pr.b.WriteString("expect " + pr.arg(c.args[0], 'd'))
		if c.args[1].val != ^uint64(0) {
			pr.b.WriteString("&" + hex(c.args[1].val))
		}
		pr.b.WriteString(" == " + pr.arg(c.args[2], 'd') + " else " + errnoName(uint16(c.args[3].val)))
	default:
		pr.syscall(c)
	}
	if c.catch[0] != 0 {
		pr.b.WriteString(" => ")
		for k, e := range c.catch {
			if e != 0 {
				if k > 0 {
					pr.b.WriteByte('|')
				}
				pr.b.WriteString(errnoName(e))
			}
		}
		pr.b.WriteString(": goto " + strconv.Itoa(pr.p.labels[c.other]))
	}
	pr.b.WriteByte('\n')
}

func (pr *printer) syscall(c *call) {
	sig := signatureOf(c.nr)
	pr.b.WriteString(sig.name + "(")
	for j := range len(sig.args) {
		if j > 0 {
			pr.b.WriteString(", ")
		}
		pr.b.WriteString(pr.arg(c.args[j], sig.args[j]))
	}
	pr.b.WriteByte(')')
	if sig.result {
		pr.b.WriteString(" = " + pr.cellName(c.dst))
	}
}

func (pr *printer) cellName(i uint16) string {
	for _, in := range pr.p.inputs {
		if in.cell == i {
			return in.name
		}
	}
	return "r" + strconv.Itoa(int(i))
}

// arg prints a by the letter that the signature has for it; see signatureOf.
func (pr *printer) arg(a Arg, format byte) string {
	switch a.kind {
	case cell:
		return pr.cellName(uint16(a.val))
	case dataAddr:
		if format == 's' {
			return strconv.Quote(pr.str(a.val))
		}
		return "data"
	case cellAddr:
		return pr.record(int(a.val), format)
	}
	return scalar(a.val, format)
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
	v := func(k int) uint64 { return pr.p.cells[i+k].val }
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
		for ; pr.p.cells[i].kind == dataAddr; i++ {
			list = append(list, strconv.Quote(pr.str(pr.p.cells[i].val)))
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
