package state

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	specs "github.com/opencontainers/runtime-spec/specs-go"
	"github.com/urun/urun/pkg/idmap"
)

func sample(id string) Record {
	return Record{
		Version: version, ID: id, Bundle: "/b", Rootfs: "/b/rootfs", OCIVersion: "1.3.0",
		Annotations: map[string]string{"a": "b"}, Owner: 1000,
		Created: time.Date(2026, 1, 2, 3, 4, 5, 678, time.UTC), Pid: 4242, StartTime: 99, BootID: BootID(),
		Namespaces: 0x20000000, UIDMap: idmap.Map{specs.LinuxIDMapping{ContainerID: 0, HostID: 1000, Size: 1}},
		Notices: []Notice{{Code: "C", Want: "w", Got: "g"}},
	}
}

func TestRecordRoundTrip(t *testing.T) {
	want := sample("x")
	raw, err := want.encode()
	if err != nil {
		t.Fatal(err)
	}
	got, err := decode(raw, "x")
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

// fill gives every field below v a value of its own.
func fill(v reflect.Value, n *int) {
	*n++
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), n)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		fill(v.Index(0), n)
		fill(v.Index(1), n)
	case reflect.Map:
		v.Set(reflect.ValueOf(map[string]string{"b": "<é>", "a\"": "\\", "c": ""}))
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			v.Set(reflect.ValueOf(time.Date(2026, 1, 2, 3, 4, 5, 678_000_000, time.UTC)))
			return
		}
		for i := range v.NumField() {
			fill(v.Field(i), n)
		}
	case reflect.String:
		v.SetString("text " + strconv.Itoa(*n))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int:
		v.SetInt(int64(*n))
	default:
		v.SetUint(uint64(*n))
	}
}

// TestRecordIsWrittenAsJSONIs: by hand or by package json, it is the same.
func TestRecordIsWrittenAsJSONIs(t *testing.T) {
	var full Record
	n := 0
	fill(reflect.ValueOf(&full).Elem(), &n)
	full.Version = version
	plain := full
	plain.Annotations = map[string]string{"key": "value", "other": ""}
	for name, r := range map[string]Record{"full": full, "plain": plain, "empty": {Version: version}, "sample": sample("x")} {
		want, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		got, err := r.encode()
		if err != nil || string(got) != string(want) {
			t.Errorf("%s (%v):\n%s\nis not\n%s", name, err, got, want)
		}
		s := reader{rest: string(want)}
		var back Record
		if s.record(&back); name != "full" && (s.odd || s.rest != "") {
			t.Errorf("%s is not read by hand; left: %s", name, s.rest)
		}
		if back, err = parse(want); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(r, back); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
}

// TestRecordInOtherSpelling: what a person or another version has written counts all the same.
func TestRecordInOtherSpelling(t *testing.T) {
	want := sample("x")
	raw, err := json.MarshalIndent(want, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	raw = bytes.Replace(raw, []byte("{"), []byte(`{"later": {"key": [1]},`), 1)
	got, err := decode(raw, "x")
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestDecodeRefuses(t *testing.T) {
	for raw, corrupt := range map[string]bool{
		``: true, `{`: true, `[]`: true, `null`: true, `{}`: true, "\x00\x00": true,
		`{"version":1}`:                        true,
		`{"version":1,"id":"y"}`:               true,
		`{"version":1,"id":"x","pid":-1}`:      true,
		`{"version":1,"id":"x"} trailing`:      true,
		`{"version":2,"id":"x","new":"thing"}`: false,
	} {
		_, err := decode([]byte(raw), "x")
		if err == nil || errors.Is(err, ErrCorrupt) != corrupt {
			t.Errorf("decode(%q): %v", raw, err)
		}
	}
}

func FuzzDecode(f *testing.F) {
	raw, _ := sample("x").encode()
	f.Add(raw)
	f.Add([]byte(`{"version":1,"id":"x","pid":-1}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		r, err := decode(raw, "x")
		if err != nil {
			return
		}
		if r.Pid < 0 || r.ID != "x" {
			t.Errorf("accepted %+v", r)
		}
		again, err := r.encode()
		if err != nil {
			t.Skip(err) // a year past 9999 decodes and does not encode
		}
		r2, err := decode(again, "x")
		if err != nil {
			t.Fatalf("%s: %v", again, err)
		}
		if third, _ := r2.encode(); !bytes.Equal(third, again) {
			t.Errorf("%s != %s", third, again)
		}
	})
}
