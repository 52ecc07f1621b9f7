package cgroup

import (
	"errors"
	"slices"
	"strconv"
	"strings"
)

// integer is a number as it was written; the type comes from what is wanted.
type integer struct {
	negative bool
	size     uint64
}

// typeWords may stand before a value. What is written after them is checked against what the property takes, so that
// they are only read.
var typeWords = []string{
	"boolean", "byte", "int16", "uint16", "int32", "uint32", "handle", "int64", "uint64", "double", "string", "objectpath", "signature",
}

const maxVariant = 4096

// parseVariant reads the part of GVariant's text format that properties of units need: true, 5, -5, 0x1f, 1.5, 'text',
// "text", [a, b], with a type before it or not (uint64 5, @as []). The answer is a bool, integer, float64, string or
// []any of these.
func parseVariant(s string) (any, error) {
	if len(s) > maxVariant {
		return nil, errors.New("is too long")
	}
	p := &variantParser{rest: s}
	v, err := p.value(true)
	if err != nil {
		return nil, err
	}
	if p.space(); p.rest != "" {
		return nil, errors.New("there is more than one value")
	}
	return v, nil
}

type variantParser struct{ rest string }

func (p *variantParser) space() { p.rest = strings.TrimLeft(p.rest, " \t\n") }

// value reads one value. Lists of lists are nobody's property.
func (p *variantParser) value(listOK bool) (any, error) {
	p.typeName()
	if p.rest == "" {
		return nil, errors.New("a value is missing")
	}
	switch c := p.rest[0]; {
	case c == '\'' || c == '"':
		return p.quoted(c)
	case c == '[' && listOK:
		return p.list()
	}
	return p.word()
}

// typeName passes over a type, @as or uint64.
func (p *variantParser) typeName() {
	p.space()
	word, rest, ok := strings.Cut(p.rest, " ")
	if ok && (strings.HasPrefix(word, "@") || slices.Contains(typeWords, word)) {
		p.rest = rest
		p.space()
	}
}

func (p *variantParser) list() (any, error) {
	p.rest = p.rest[1:]
	items := []any{}
	for {
		p.space()
		if strings.HasPrefix(p.rest, "]") && len(items) == 0 {
			p.rest = p.rest[1:]
			return items, nil
		}
		item, err := p.value(false)
		if err != nil {
			return nil, err
		}
		items = append(items, item)
		p.space()
		if p.rest == "" {
			return nil, errors.New("the list is not closed")
		}
		end := p.rest[0]
		p.rest = p.rest[1:]
		if end == ']' {
			return items, nil
		}
		if end != ',' {
			return nil, errors.New("items of a list are separated by commas")
		}
	}
}

// quoted reads a string. A backslash takes the next character as it is, but for \n and \t.
func (p *variantParser) quoted(quote byte) (any, error) {
	var b strings.Builder
	for i := 1; i < len(p.rest); i++ {
		c := p.rest[i]
		switch {
		case c == quote:
			p.rest = p.rest[i+1:]
			return b.String(), nil
		case c == 0:
			return nil, errors.New("a string cannot hold a zero byte")
		case c == '\\' && i+1 < len(p.rest):
			i++
			b.WriteByte(unescape(p.rest[i]))
		default:
			b.WriteByte(c)
		}
	}
	return nil, errors.New("the string is not closed")
}

func unescape(c byte) byte {
	switch c {
	case 'n':
		return '\n'
	case 't':
		return '\t'
	}
	return c
}

// word reads true, false or a number.
func (p *variantParser) word() (any, error) {
	end := strings.IndexAny(p.rest, " \t\n,]")
	if end < 0 {
		end = len(p.rest)
	}
	word := p.rest[:end]
	p.rest = p.rest[end:]
	switch word {
	case "true":
		return true, nil
	case "false":
		return false, nil
	}
	digits, negative := strings.CutPrefix(word, "-")
	if n, err := strconv.ParseUint(digits, 0, 64); err == nil {
		return integer{negative && n != 0, n}, nil
	}
	if strings.ContainsAny(word, ".eE") && !strings.ContainsAny(word, "xX_") {
		if f, err := strconv.ParseFloat(word, 64); err == nil {
			return f, nil
		}
	}
	return nil, errors.New("is not a value: strings stand in quotes, numbers may have a type before them, as in uint64 5")
}
