package bundle

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
)

// walk reads as much of a document as there is, and gives the JSON paths of the last value that it has met and of the one that it
// was about to read: process.args[1], annotations["a.b"].
func walk(raw []byte) (last, next string) {
	n, end := follow(raw, 0)
	_, met := follow(raw, n)
	return pathOf(met), pathOf(end)
}

// follow reads the document as far as it can be read, but not on from its value number stop, counted from 1. It says which
// value it met last, and the path where it ended.
func follow(raw []byte, stop int) (values int, path []step) {
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber() // or a number without end would be the end of the walk
	for {
		t, err := dec.Token()
		if err != nil {
			return values, path
		}
		d, _ := t.(json.Delim)
		if d == '}' || d == ']' {
			path = after(path[:len(path)-1])
			continue
		}
		if n := len(path); n > 0 && path[n-1].key == nil && !path[n-1].array {
			key, _ := t.(string)
			path[n-1].key = &key
			continue
		}
		if values++; values == stop {
			return values, path
		}
		switch d {
		case '{', '[':
			path = append(path, step{array: d == '['})
		default:
			path = after(path)
		}
	}
}

// A step of a path leads into one object or array.
type step struct {
	array bool
	index int     // of an array's element
	key   *string // of an object's value; nil: a key comes next
}

// after is the path once the value that it leads to has been read.
func after(path []step) []step {
	if n := len(path); n > 0 {
		path[n-1].index++
		path[n-1].key = nil
	}
	return path
}

// simple says that a key is one word, as those of the specification are; those of maps may be anything.
func simple(key string) bool {
	return key != "" && strings.Trim(key, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == ""
}

func pathOf(path []step) string {
	var b strings.Builder
	for _, s := range path {
		switch {
		case s.array:
			b.WriteString("[" + strconv.Itoa(s.index) + "]")
		case s.key == nil:
		case simple(*s.key):
			b.WriteString("." + *s.key)
		default:
			b.WriteString("[" + strconv.Quote(*s.key) + "]")
		}
	}
	return strings.TrimPrefix(b.String(), ".")
}
