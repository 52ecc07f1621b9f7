package bundle

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"reflect"
	"strings"

	specs "github.com/opencontainers/runtime-spec/specs-go"
)

// Decode understands the content of a config.json. Errors say line and column, and the key where it is known.
// Unknown keys are ignored, as the spec demands (runtime-spec config.md, Extensibility); anything after the
// document is not. The version of the spec is checked to be 1.x.
func Decode(raw []byte) (*specs.Spec, error) {
	var s specs.Spec
	if err := noNUL(raw); err != nil {
		return nil, err
	}
	if stream(raw, &s) != nil {
		s = specs.Spec{}
		if err := json.Unmarshal(raw, &s); err != nil {
			return nil, explain(raw, err)
		}
	}
	if err := checkVersion(s.Version); err != nil {
		return nil, err
	}
	return &s, nil
}

// errIrregular is the answer of stream to what it leaves to json.Unmarshal.
var errIrregular = errors.New("irregular document")

// stream decodes value by value instead of the whole at once. json.Unmarshal prepares itself for every type that a
// Spec could hold, Windows and virtual machines included, and it does so anew in every process: that costs more
// than twice the time of the whole decoding. This way only what the document has is prepared for.
//
// It gives up on everything unusual, errors included. Then json.Unmarshal decides.
func stream(raw []byte, s *specs.Spec) error {
	dec := json.NewDecoder(bytes.NewReader(raw))
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		return errIrregular
	}
	if err := object(dec, reflect.ValueOf(s).Elem()); err != nil {
		return err
	}
	if _, err := dec.Token(); err != io.EOF {
		return errIrregular
	}
	return nil
}

// object decodes the rest of an object, after its brace, into a struct.
func object(dec *json.Decoder, dst reflect.Value) error {
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return err
		}
		f, err := field(dst, key.(string))
		if err != nil {
			return err
		}
		if f.Type() == reflect.TypeFor[*specs.Linux]() || f.Type() == reflect.TypeFor[*specs.Process]() {
			err = nested(dec, f)
		} else {
			err = dec.Decode(f.Addr().Interface())
		}
		if err != nil {
			return err
		}
	}
	_, err := dec.Token()
	return err
}

// nested decodes an object into the struct that the field f points to.
func nested(dec *json.Decoder, f reflect.Value) error {
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		return errIrregular
	}
	if f.IsNil() {
		f.Set(reflect.New(f.Type().Elem()))
	}
	return object(dec, f.Elem())
}

// field returns the field of a struct that a key is about; for an unknown key it is one that nobody reads.
func field(dst reflect.Value, key string) (reflect.Value, error) {
	t := dst.Type()
	for i := range t.NumField() {
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		if name == key {
			return dst.Field(i), nil
		}
		if strings.EqualFold(name, key) { // package json accepts it
			return reflect.Value{}, errIrregular
		}
	}
	return reflect.ValueOf(new(json.RawMessage)).Elem(), nil
}
