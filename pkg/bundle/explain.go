package bundle

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"
)

// explain makes an error of package json one that leads to the place in the file.
func explain(raw []byte, err error) error {
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		at := place(raw, syntax.Offset)
		if _, key := walk(raw); key != "" {
			at += " (in " + key + ")"
		}
		return fmt.Errorf("%s: %w", at, err)
	}
	var typ *json.UnmarshalTypeError
	if errors.As(err, &typ) {
		key, _ := walk(raw[:min(typ.Offset, int64(len(raw)))])
		if key == "" {
			key = "the document"
		}
		return fmt.Errorf("%s: %s must be %s, not %s", place(raw, typ.Offset), key, expected(typ.Type), article(typ.Value))
	}
	return err
}

// place turns the number of bytes that were read until the error into line:column. Both count from 1, the column in
// bytes.
func place(raw []byte, offset int64) string {
	n := int(max(min(offset, int64(len(raw)))-1, 0))
	line := 1 + bytes.Count(raw[:n], []byte{'\n'})
	column := n - bytes.LastIndexByte(raw[:n], '\n')
	return strconv.Itoa(line) + ":" + strconv.Itoa(column)
}

// expected says in the words of JSON what the type wants.
func expected(t reflect.Type) string {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch k := t.Kind(); k {
	case reflect.String:
		return "a string"
	case reflect.Bool:
		return "true or false"
	case reflect.Slice, reflect.Array:
		return "an array"
	case reflect.Struct, reflect.Map:
		return "an object"
	case reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uint:
		return fmt.Sprintf("a whole number from 0 to %d", ^uint64(0)>>(64-t.Bits()))
	case reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64, reflect.Int:
		return fmt.Sprintf("a whole number of %d bits", t.Bits())
	case reflect.Float32, reflect.Float64:
		return "a number"
	}
	return t.String()
}

// article makes a phrase of package json's word for what it found.
func article(value string) string {
	switch {
	case value == "array" || value == "object":
		return "an " + value
	case value == "bool":
		return "true or false"
	case strings.HasPrefix(value, "number "):
		return strings.TrimPrefix(value, "number ")
	}
	return "a " + value
}
