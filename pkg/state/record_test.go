package state

import (
	"bytes"
	"errors"
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
