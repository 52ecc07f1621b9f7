package bus

import (
	"encoding/binary"
	"errors"
	"math"
	"strings"
	"unicode/utf8"
)

// What a peer sends is not trusted: lengths are checked against what is there before anything is made, and nesting ends.
var (
	errShort     = errors.New("it ends too early")
	errSignature = errors.New("it has a bad signature")
	errText      = errors.New("it has a string that is none")
	errBool      = errors.New("it has a boolean that is neither 0 nor 1")
	errPadding   = errors.New("its padding is not zero")
	errDeep      = errors.New("it is nested too deep")
)

// maxDepth is how deep containers may be nested: 32 arrays and 32 structs say the specification.
const maxDepth = 64

// decoder reads values of either byte order. buf begins at a multiple of 8 of the message, as headers and bodies do.
type decoder struct {
	buf   []byte
	at    int
	order binary.ByteOrder
}

func (d *decoder) align(n int) error {
	for d.at%n != 0 {
		b, err := d.take(1)
		if err != nil {
			return err
		}
		if b[0] != 0 {
			return errPadding
		}
	}
	return nil
}

func (d *decoder) take(n int) ([]byte, error) {
	if n < 0 || n > len(d.buf)-d.at {
		return nil, errShort
	}
	b := d.buf[d.at : d.at+n]
	d.at += n
	return b, nil
}

func (d *decoder) u32() (uint32, error) {
	if err := d.align(4); err != nil {
		return 0, err
	}
	b, err := d.take(4)
	if err != nil {
		return 0, err
	}
	return d.order.Uint32(b), nil
}

func (d *decoder) u64() (uint64, error) {
	if err := d.align(8); err != nil {
		return 0, err
	}
	b, err := d.take(8)
	if err != nil {
		return 0, err
	}
	return d.order.Uint64(b), nil
}

// text reads n bytes and the zero after them.
func (d *decoder) text(n int) (string, error) {
	if n > maxMessage {
		return "", errShort
	}
	b, err := d.take(n + 1)
	if err != nil {
		return "", err
	}
	s := string(b[:n])
	if b[n] != 0 || strings.IndexByte(s, 0) >= 0 || !utf8.ValidString(s) {
		return "", errText
	}
	return s, nil
}

func (d *decoder) str() (string, error) {
	n, err := d.u32()
	if err != nil {
		return "", err
	}
	return d.text(int(min(n, math.MaxInt32)))
}

func (d *decoder) signature() (string, error) {
	n, err := d.take(1)
	if err != nil {
		return "", err
	}
	return d.text(int(n[0]))
}

// values reads all values of a signature. Arrays, structs and entries of dictionaries are []any, but for arrays of bytes; what a
// variant holds stands in its place.
func (d *decoder) values(signature string, depth int) ([]any, error) {
	if depth > maxDepth {
		return nil, errDeep
	}
	var list []any
	for signature != "" {
		one, rest, err := cut(signature)
		if err != nil {
			return nil, err
		}
		v, err := d.value(one, depth)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
		signature = rest
	}
	return list, nil
}

// value reads one value of a signature that is one complete type.
func (d *decoder) value(signature string, depth int) (any, error) {
	switch signature[0] {
	case 'a':
		return d.array(signature[1:], depth+1)
	case '(', '{':
		if err := d.align(8); err != nil {
			return nil, err
		}
		return d.values(signature[1:len(signature)-1], depth+1)
	case 'v':
		inner, err := d.signature()
		if err != nil {
			return nil, err
		}
		if one, rest, err := cut(inner); err != nil || rest != "" || one == "" {
			return nil, errSignature
		}
		if depth > maxDepth {
			return nil, errDeep
		}
		return d.value(inner, depth+1)
	}
	return d.basic(signature[0])
}

func (d *decoder) basic(kind byte) (any, error) {
	switch kind {
	case 's':
		return d.str()
	case 'o':
		s, err := d.str()
		return ObjectPath(s), err
	case 'g':
		return d.signature()
	case 'u', 'h':
		return d.u32()
	case 'i':
		n, err := d.u32()
		return int32(n), err
	case 't':
		return d.u64()
	case 'x':
		n, err := d.u64()
		return int64(n), err
	case 'd':
		n, err := d.u64()
		return math.Float64frombits(n), err
	case 'b':
		n, err := d.u32()
		if err == nil && n > 1 {
			err = errBool
		}
		return n == 1, err
	}
	return d.small(kind)
}

func (d *decoder) small(kind byte) (any, error) {
	size := 1
	if kind != 'y' {
		size = 2
	}
	if err := d.align(size); err != nil {
		return nil, err
	}
	b, err := d.take(size)
	if err != nil {
		return nil, err
	}
	switch kind {
	case 'y':
		return b[0], nil
	case 'q':
		return d.order.Uint16(b), nil
	case 'n':
		return int16(d.order.Uint16(b)), nil
	}
	return nil, errSignature
}

// array reads items until their announced length is used up. No type takes no room, so that the list cannot outgrow the
// message.
func (d *decoder) array(item string, depth int) (any, error) {
	if depth > maxDepth {
		return nil, errDeep
	}
	n, err := d.u32()
	if err != nil {
		return nil, err
	}
	if err := d.align(alignmentOf(item[0])); err != nil {
		return nil, err
	}
	if int64(n) > int64(len(d.buf)-d.at) {
		return nil, errShort
	}
	if item == "y" {
		b, err := d.take(int(n))
		return append([]byte(nil), b...), err
	}
	end := d.at + int(n)
	list := []any{}
	for d.at < end {
		v, err := d.value(item, depth)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	if d.at != end {
		return nil, errShort
	}
	return list, nil
}
