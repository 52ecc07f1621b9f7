package main

import (
	"os"
	"reflect"
	"strings"
)

// A lean stands in for a struct of flags: it has only those fields that a command line can mean, without the texts about them.
// kong reads every tag of every field that it is shown, letter by letter, and for all the flags of run that takes longer than to
// read and compile a config.json.
type lean struct {
	full   reflect.Value
	part   reflect.Value
	fields []reflect.StructField // of part; Index is the place in full
}

// slim makes a lean for the struct that full points to. Defaults of fields that are left out are set in full at once.
func slim(full any, args []string) *lean {
	l := &lean{full: reflect.ValueOf(full).Elem()}
	l.collect(l.full.Type(), nil, args)
	if len(l.fields) == 0 { // as it is with the global flags of most lines
		l.part = reflect.ValueOf(&struct{}{})
		return l
	}
	part := make([]reflect.StructField, len(l.fields))
	for i, f := range l.fields {
		part[i] = reflect.StructField{Name: f.Name, Type: f.Type, Tag: f.Tag}
	}
	l.part = reflect.New(reflect.StructOf(part))
	return l
}

// grammar is what kong is shown.
func (l *lean) grammar() any { return l.part.Interface() }

// fill copies what kong has understood into the full struct.
func (l *lean) fill() {
	for i, f := range l.fields {
		l.full.FieldByIndex(f.Index).Set(l.part.Elem().Field(i))
	}
}

func (l *lean) collect(t reflect.Type, at []int, args []string) {
	for i := range t.NumField() {
		f := t.Field(i)
		f.Index = append(at[:len(at):len(at)], i)
		f.Tag = untold(f.Tag)
		switch {
		case f.Anonymous:
			l.collect(f.Type, f.Index, args)
		case f.Tag == "" || !f.IsExported():
		case meant(f.Tag, args):
			l.fields = append(l.fields, f)
		case f.Tag.Get("default") != "":
			l.full.FieldByIndex(f.Index).SetString(f.Tag.Get("default"))
		}
	}
}

// untold is the tag without its text, which is its last part.
func untold(tag reflect.StructTag) reflect.StructTag {
	short, _, _ := strings.Cut(string(tag), ` about:"`)
	return reflect.StructTag(short)
}

// meant says whether args can be about the field with this tag. To say so of one too many does no harm.
func meant(tag reflect.StructTag, args []string) bool {
	if _, positional := tag.Lookup("arg"); positional || os.Getenv(tag.Get("env")) != "" {
		return true
	}
	name, short := tag.Get("name"), tag.Get("short")
	for _, a := range args {
		if !isFlag(a) {
			continue
		}
		word, _, _ := strings.Cut(strings.TrimLeft(a, "-"), "=")
		if word == name || short != "" && !strings.HasPrefix(a, "--") && strings.Contains(a, short) {
			return true
		}
	}
	return false
}
