package bundle

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	specs "github.com/opencontainers/runtime-spec/specs-go"
	"github.com/urun/urun/pkg/idmap"
)

func fullMap() idmap.Map {
	return idmap.Map{{ContainerID: 0, HostID: 1000, Size: 1}, {ContainerID: 1, HostID: 100000, Size: 65536}}
}

// filtered is a config as most are, with all that there is in it.
func filtered(tb testing.TB) *specs.Spec {
	tb.Helper()
	s, err := Template(fullMap(), fullMap(), TemplateOptions{NetworkNS: true})
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

func templateJSON(tb testing.TB) []byte {
	tb.Helper()
	raw, err := json.Marshal(filtered(tb))
	if err != nil {
		tb.Fatal(err)
	}
	return raw
}

func TestDecodeTemplate(t *testing.T) {
	want := filtered(t)
	got, err := Decode(templateJSON(t))
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if stream(templateJSON(t), &specs.Spec{}) != nil {
		t.Error("an ordinary config is not decoded the fast way")
	}
}

// What is unusual and yet correct means the same as to package json.
func TestDecodeLikeJSON(t *testing.T) {
	for _, raw := range []string{
		`{"ociVersion":"1.0.0"}`,
		` {"ociVersion":"1.2.0-rc.1+dev", "unknown": {"a": [1, {"b": 2}]}, "linux": null, "process": null} ` + "\n",
		`{"OCIversion":"1.0.0","Linux":{"SECCOMP":{"defaultAction":"x"}}}`,
		`{"ociVersion":"1.0.0","process":{"cwd":"/a","env":["A=1"]},"process":{"cwd":"/b"}}`,
		`{"ociVersion":"1.0.0","linux":{"resources":{"pids":{"limit":7}}},"linux":{"uidMappings":[]},"mounts":[]}`,
		`{"ociVersion":"1.0.0","windows":{"layerFolders":["x"]},"hooks":{"poststop":[{"path":"/x","timeout":3}]}}`,
	} {
		var want specs.Spec
		if err := json.Unmarshal([]byte(raw), &want); err != nil {
			t.Fatal(err)
		}
		got, err := Decode([]byte(raw))
		if err != nil {
			t.Errorf("%s: %v", raw, err)
		} else if d := cmp.Diff(&want, got); d != "" {
			t.Errorf("%s: %s", raw, d)
		}
	}
}

func TestDecodeErrors(t *testing.T) {
	for _, c := range []struct{ raw, want string }{
		{``, "1:1: unexpected end of JSON input"},
		{`[]`, "1:1: the document must be an object, not an array"},
		{`null`, "ociVersion is missing"},
		{`{}`, "ociVersion is missing"},
		{`{"ociVersion":"1.0"}`, `ociVersion "1.0" is not a version`},
		{`{"ociVersion":"1.a.0"}`, `ociVersion "1.a.0" is not a version`},
		{`{"ociVersion":"2.0.0"}`, `ociVersion "2.0.0" is not supported`},
		{`{"ociVersion":"0.9.0"}`, `ociVersion "0.9.0" is not supported`},
		{`{"ociVersion":1}`, "1:15: ociVersion must be a string, not a number"},
		{"{\"ociVersion\":\"1.0.0\",\n  \"process\": {\"args\": \"sh\"}\n}", "2:26: process.args must be an array, not a string"},
		{`{"ociVersion":"1.0.0","process":{"user":{"uid":-1}}}`, "process.user.uid must be a whole number from 0 to 4294967295, not -1"},
		{`{"ociVersion":"1.0.0","process":{"user":{"uid":4294967296}}}`, "not 4294967296"},
		{`{"ociVersion":"1.0.0","linux":{"resources":{"blockIO":{"weightDevice":[{"major":"8"}]}}}}`, "linux.resources.blockIO.weightDevice[0].major must be a whole number of 64 bits, not a string"},
		{`{"ociVersion":"1.0.0","process":{"terminal":"yes"}}`, "process.terminal must be true or false, not a string"},
		{`{"ociVersion":"1.0.0","mounts":[{}, {"options":["ro", ["rw"]]}]}`, "mounts[1].options[1] must be a string, not an array"},
		{`{"ociVersion":"1.0.0","annotations":{"a.b":"c","x y":7}}`, `annotations["x y"] must be a string, not a number`},
		{`{"ociVersion":"1.0.0","linux":{"resources":{"rdma":{"mlx":{"hcaHandles":[]}}}}}`, "linux.resources.rdma.mlx.hcaHandles must be a whole number from 0 to 4294967295, not an array"},
		{`{"ociVersion":"1.0.0","hooks":{"prestart":[{"path":"/a","env":["A=B"],"timeout":1e999}]}}`, "hooks.prestart[0].timeout must be a whole number of 64 bits, not 1e999"},
		{`{"ociVersion":"1.0.0","mounts":[[]]}`, "mounts[0] must be an object, not an array"},
		{`{"ociVersion":"1.0.0","linux":[]}`, "linux must be an object, not an array"},
		{"{\"ociVersion\":\"1.0.0\",\n \"process\": {\n  \"args\": [\"sh\",]}}", "3:17 (in process.args[1]): invalid character ']'"},
		{"{\"ociVersion\":\"1.0.0\",\n \"linux\": {\"seccomp\": nil}}", "2:24 (in linux.seccomp): invalid character 'i'"},
		{`{"ociVersion":"1.0.0"} {}`, "1:24: invalid character '{' after top-level value"},
		{`{"ociVersion":"1.0.0"}x`, "1:23: invalid character 'x' after top-level value"},
		{`{"ociVersion":"1.0.0","process":{"args":["a"`, "(in process.args[1]): unexpected end of JSON input"},
	} {
		_, err := Decode([]byte(c.raw))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s:\n got %v\nwant %s", c.raw, err, c.want)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(templateJSON(f))
	for _, s := range []string{`{}`, `{"ociVersion":"1.0.0"}x`, `{"process":null}`, `{"linux":{"x":1},"LINUX":{}}`,
		`{"ociVersion":"1.0.0","process":{"cwd":"/a"},"process":{"cwd":null}}`, `{"a":[[{"b":`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		got, err := Decode(raw)
		var want specs.Spec
		jerr := json.Unmarshal(raw, &want)
		if jerr == nil {
			jerr = checkVersion(want.Version)
		}
		if (err == nil) != (jerr == nil) {
			t.Fatalf("Decode says %v, package json %v", err, jerr)
		}
		if err == nil && !reflect.DeepEqual(got, &want) {
			t.Errorf("Decode differs from package json: %s", cmp.Diff(&want, got))
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	raw := templateJSON(b)
	for b.Loop() {
		if _, err := Decode(raw); err != nil {
			b.Fatal(err)
		}
	}
}
