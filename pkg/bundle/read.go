package bundle

import (
	"encoding/json"
	"errors"
	"reflect"
	"strconv"
	"strings"
	"unicode/utf8"

	specs "github.com/opencontainers/runtime-spec/specs-go"
)

// errIrregular is the answer of stream to what it leaves to json.Unmarshal.
var errIrregular = errors.New("irregular document")

// stream decodes an ordinary document. json.Unmarshal prepares itself for every type that a Spec could hold, Windows and virtual
// machines included, and it does so anew in every process: that costs several times the time of the decoding.
//
// It gives up on everything unusual, errors included. Then json.Unmarshal decides.
func stream(raw []byte, s *specs.Spec) error {
	r := reader{cutter{raw: raw}}
	if !r.into(reflect.ValueOf(s).Elem()) || r.peek() != 0 || r.at < len(raw) {
		return errIrregular
	}
	return nil
}

// reader decodes values; its methods say whether they could.
type reader struct{ cutter }

// into decodes the value that comes next into v, which is zero.
func (r *reader) into(v reflect.Value) bool {
	if r.peek() == 'n' {
		return r.word("null") // leaves everything as it is
	}
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		return r.into(v.Elem())
	case reflect.Struct:
		return r.object(v)
	case reflect.Slice:
		return r.array(v)
	case reflect.Map:
		return r.table(v)
	case reflect.String:
		s, ok := r.plain()
		v.SetString(s)
		return ok
	case reflect.Bool:
		v.SetBool(r.peek() == 't')
		return r.word(strconv.FormatBool(v.Bool()))
	case reflect.Int, reflect.Int32, reflect.Int64:
		n, err := strconv.ParseInt(r.number(), 10, v.Type().Bits())
		v.SetInt(n)
		return err == nil
	case reflect.Uint, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		n, err := strconv.ParseUint(r.number(), 10, v.Type().Bits())
		v.SetUint(n)
		return err == nil
	}
	return false
}

// object decodes into a struct. That a key comes twice, or in other letters, is unusual.
func (r *reader) object(v reflect.Value) bool {
	seen := uint64(0)
	return r.list('{', '}', func() bool {
		key, ok := r.key()
		if !ok {
			return false
		}
		i, ok := field(v.Type(), key)
		if !ok || i >= 64 || i >= 0 && seen&(1<<i) != 0 {
			return false
		}
		if i < 0 {
			return r.unknown()
		}
		seen |= 1 << i
		return r.into(v.Field(i))
	})
}

// field says which field of a struct a key is about: -1 for one that the specification does not know.
func field(t reflect.Type, key string) (int, bool) {
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == key {
			return i, true
		}
		if f.Anonymous || strings.EqualFold(name, key) { // package json looks into it, or accepts it
			return 0, false
		}
	}
	return -1, true
}

func (r *reader) array(v reflect.Value) bool {
	zero := reflect.Zero(v.Type().Elem())
	if zero.Kind() == reflect.Uint8 { // written in base64
		return false
	}
	v.Set(reflect.MakeSlice(v.Type(), 0, 4))
	return r.list('[', ']', func() bool {
		v.Set(reflect.Append(v, zero))
		return r.into(v.Index(v.Len() - 1))
	})
}

func (r *reader) table(v reflect.Value) bool {
	if v.Type().Key().Kind() != reflect.String {
		return false
	}
	v.Set(reflect.MakeMap(v.Type()))
	return r.list('{', '}', func() bool {
		key, ok := r.key()
		if !ok {
			return false
		}
		k := reflect.ValueOf(key).Convert(v.Type().Key())
		value := reflect.New(v.Type().Elem()).Elem()
		if v.MapIndex(k).IsValid() || !r.into(value) {
			return false
		}
		v.SetMapIndex(k, value)
		return true
	})
}

// list reads elements, with commas between them.
func (r *reader) list(begin, end byte, element func() bool) bool {
	if r.peek() != begin {
		return false
	}
	r.at++
	if r.peek() == end {
		r.at++
		return true
	}
	for element() {
		switch r.peek() {
		case ',':
			r.at++
		case end:
			r.at++
			return true
		default:
			return false
		}
	}
	return false
}

func (r *reader) key() (string, bool) {
	key, ok := r.plain()
	if !ok || r.peek() != ':' {
		return "", false
	}
	r.at++
	return key, true
}

// plain reads a string without escapes.
func (r *reader) plain() (string, bool) {
	if r.peek() != '"' {
		return "", false
	}
	s, ok := r.text()
	for i := range len(s) {
		if s[i] < ' ' {
			return "", false
		}
	}
	return s, ok && utf8.ValidString(s)
}

// number reads the digits of a whole number; empty: it is none, or not written in the one way.
func (r *reader) number() string {
	r.peek()
	from := r.at
	if r.at < len(r.raw) && r.raw[r.at] == '-' {
		r.at++
	}
	digits := r.at
	for r.at < len(r.raw) && r.raw[r.at] >= '0' && r.raw[r.at] <= '9' {
		r.at++
	}
	if r.at-digits > 1 && r.raw[digits] == '0' || r.at < len(r.raw) && strings.IndexByte(".eE", r.raw[r.at]) >= 0 {
		return ""
	}
	return string(r.raw[from:r.at])
}

func (r *reader) word(w string) bool {
	ok := strings.HasPrefix(string(r.raw[r.at:min(r.at+len(w), len(r.raw))]), w)
	r.at += len(w)
	return ok
}

// unknown passes over a value that means nothing to us, and yet has to be one.
func (r *reader) unknown() bool {
	r.peek()
	from := r.at
	return r.value() && json.Valid(r.raw[from:r.at])
}
