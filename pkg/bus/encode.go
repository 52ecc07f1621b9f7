package bus

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
)

// maxMessage bounds messages in both directions. The specification allows 128 MiB; what is said here has a few hundred bytes.
const maxMessage = 4 << 20

// encoder writes values as the specification aligns them: each at a multiple of its size, counted from the start.
type encoder struct{ buf []byte }

func (e *encoder) align(n int) {
	for len(e.buf)%n != 0 {
		e.buf = append(e.buf, 0)
	}
}

func (e *encoder) u32(n uint32) {
	e.align(4)
	e.buf = binary.LittleEndian.AppendUint32(e.buf, n)
}

func (e *encoder) u64(n uint64) {
	e.align(8)
	e.buf = binary.LittleEndian.AppendUint64(e.buf, n)
}

func (e *encoder) str(s string) {
	e.u32(uint32(len(s)))
	e.buf = append(append(e.buf, s...), 0)
}

// signature has a length of one byte.
func (e *encoder) signature(s string) {
	e.buf = append(e.buf, byte(len(s)))
	e.buf = append(append(e.buf, s...), 0)
}

// array writes the length, which does not count the padding before the first item, and then the items.
func (e *encoder) array(alignment int, items func() error) error {
	e.u32(0)
	at := len(e.buf) - 4
	e.align(alignment)
	start := len(e.buf)
	err := items()
	binary.LittleEndian.PutUint32(e.buf[at:], uint32(len(e.buf)-start))
	return err
}

// value writes a value of one of the types that signatureOf names.
func (e *encoder) value(v any) error {
	switch v := v.(type) {
	case bool:
		if v {
			e.u32(1)
		} else {
			e.u32(0)
		}
	case string:
		return e.checked(v)
	case ObjectPath:
		return e.checked(string(v))
	case int32:
		e.u32(uint32(v))
	case uint32:
		e.u32(v)
	case uint64:
		e.u64(v)
	case []byte:
		e.u32(uint32(len(v)))
		e.buf = append(e.buf, v...)
	default:
		return e.list(v)
	}
	return nil
}

// checked writes a string that the bus would throw us out for if it were not one.
func (e *encoder) checked(s string) error {
	if strings.ContainsRune(s, 0) || strings.ToValidUTF8(s, "") != s {
		return fmt.Errorf("%q is no UTF-8 text", s)
	}
	e.str(s)
	return nil
}

func (e *encoder) list(v any) error {
	switch v := v.(type) {
	case []string:
		return e.array(4, func() error { return each(v, e.checked) })
	case []uint32:
		return e.array(4, func() error { return each(v, func(n uint32) error { e.u32(n); return nil }) })
	case []PathValue:
		return e.array(8, func() error { return each(v, e.pathValue) })
	case []Property:
		return e.array(8, func() error { return each(v, e.property) })
	case noUnits:
		return e.array(8, func() error { return nil })
	}
	return fmt.Errorf("a value of type %T cannot be sent", v)
}

func each[T any](list []T, do func(T) error) error {
	for _, item := range list {
		if err := do(item); err != nil {
			return err
		}
	}
	return nil
}

func (e *encoder) pathValue(p PathValue) error {
	e.align(8)
	if err := e.checked(p.Path); err != nil {
		return err
	}
	e.u64(p.Value)
	return nil
}

func (e *encoder) property(p Property) error {
	e.align(8)
	if err := e.checked(p.Name); err != nil {
		return err
	}
	if signatureOf(p.Value) == "" {
		return fmt.Errorf("%s: a value of type %T cannot be sent", p.Name, p.Value)
	}
	e.signature(signatureOf(p.Value))
	if err := e.value(p.Value); err != nil {
		return fmt.Errorf("%s: %w", p.Name, err)
	}
	return nil
}

var errTooLong = errors.New("the message is too long")
