package bundle

import (
	"bytes"
	"encoding/json"
	"strings"

	specs "github.com/opencontainers/runtime-spec/specs-go"
)

// DecodeApart is Decode without the section linux.seccomp, whose text it returns instead. That is most of an ordinary config,
// and of no interest where its filter is known already. filter is nil where there is no such section, or where something is
// unusual; then Spec has it, if there is one.
func DecodeApart(raw []byte) (s *specs.Spec, filter []byte, err error) {
	from, to, ok := findFilter(raw)
	if ok && noNUL(raw) == nil {
		rest := bytes.Join([][]byte{raw[:from], raw[to:]}, []byte("null"))
		if s, err := Decode(rest); err == nil {
			return s, raw[from:to], nil
		}
	}
	s, err = Decode(raw) // an error says the place in the whole
	return s, nil, err
}

// DecodeFilter understands the section that DecodeApart has cut out of raw.
func DecodeFilter(raw, section []byte) (*specs.LinuxSeccomp, error) {
	var f specs.LinuxSeccomp
	if json.Unmarshal(section, &f) == nil {
		return &f, nil
	}
	s, err := Decode(raw)
	if err != nil {
		return nil, err
	}
	return s.Linux.Seccomp, nil
}

// findFilter says where the value of linux.seccomp is, if it is an object.
func findFilter(raw []byte) (from, to int, ok bool) {
	c := cutter{raw: raw}
	if c.member("linux") && c.member("seccomp") && c.peek() == '{' {
		from = c.at
		if c.value() {
			return from, c.at, true
		}
	}
	return 0, 0, false
}

// cutter finds its way through a JSON document without understanding more of it than it must. What it passes over need not be
// correct: whoever decodes the parts finds out.
type cutter struct {
	raw []byte
	at  int
}

// member goes to the value of a key in the object that begins here. It gives up where another key could be taken for it: one of
// the same name, in other letters, or written with escapes.
func (c *cutter) member(key string) bool {
	if c.peek() != '{' {
		return false
	}
	c.at++
	found := -1
	for c.peek() == '"' {
		name, ok := c.text()
		if !ok || c.peek() != ':' {
			return false
		}
		c.at++
		if strings.EqualFold(name, key) {
			if name != key || found >= 0 {
				return false
			}
			c.peek()
			found = c.at
		}
		if !c.value() {
			return false
		}
		if c.peek() == ',' {
			c.at++
		}
	}
	if c.peek() != '}' || found < 0 {
		return false
	}
	c.at = found
	return true
}

// peek passes over space and returns the character behind it; 0 at the end.
func (c *cutter) peek() byte {
	for ; c.at < len(c.raw); c.at++ {
		switch b := c.raw[c.at]; b {
		case ' ', '\t', '\r', '\n':
		default:
			return b
		}
	}
	return 0
}

// text reads a string without escapes.
func (c *cutter) text() (string, bool) {
	end := bytes.IndexByte(c.raw[c.at+1:], '"')
	if end < 0 {
		return "", false
	}
	s := c.raw[c.at+1 : c.at+1+end]
	c.at += end + 2
	return string(s), bytes.IndexByte(s, '\\') < 0
}

// value passes over a value.
func (c *cutter) value() bool {
	c.peek()
	for depth := 0; c.at < len(c.raw); c.at++ {
		switch c.raw[c.at] {
		case '"':
			if !c.pass() {
				return false
			}
		case '{', '[':
			depth++
			continue
		case '}', ']':
			if depth == 0 {
				return true // the end of a number or a word
			}
			depth--
		case ',':
			if depth == 0 {
				return true
			}
			continue
		default:
			continue
		}
		if depth == 0 {
			c.at++
			return true
		}
	}
	return false
}

// pass goes to the closing quote of a string, escapes or not.
func (c *cutter) pass() bool {
	c.at++
	end := bytes.IndexByte(c.raw[min(c.at, len(c.raw)):], '"')
	if end < 0 {
		return false
	}
	if bytes.IndexByte(c.raw[c.at:c.at+end], '\\') < 0 { // most strings have none
		c.at += end
		return true
	}
	for ; c.at < len(c.raw) && c.raw[c.at] != '"'; c.at++ {
		if c.raw[c.at] == '\\' {
			c.at++
		}
	}
	return c.at < len(c.raw)
}
