package test

import (
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
)

// leaves lists the JSON paths of all keys below a type: [] for the elements of an array, * for the keys of a map.
func leaves(t reflect.Type, at string) (paths []string) {
	switch t.Kind() {
	case reflect.Pointer:
		return leaves(t.Elem(), at)
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Struct {
			return leaves(t.Elem(), at+"[]")
		}
	case reflect.Map:
		if t.Elem().Kind() == reflect.Struct {
			return leaves(t.Elem(), at+".*")
		}
	case reflect.Struct:
		for i := range t.NumField() {
			name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
			if t.Field(i).Anonymous {
				paths = append(paths, leaves(t.Field(i).Type, at)...)
				continue
			}
			paths = append(paths, leaves(t.Field(i).Type, strings.TrimPrefix(at+"."+name, "."))...)
		}
		return paths
	}
	return []string{at}
}

// wholes are the keys of which the page speaks as one.
var wholes = []string{
	"mounts", "linux.resources", "linux.seccomp", "linux.netDevices", "linux.intelRdt", "windows", "solaris", "vm", "zos", "freebsd",
}

var (
	quoted   = regexp.MustCompile("`[^`]+`")
	testName = regexp.MustCompile("`(Test[A-Za-z0-9]+)…?`")
	codeName = regexp.MustCompile(`URUN-[A-Z]+-[0-9]{3}`)
	declared = regexp.MustCompile(`(?m)^func (Test\w+)\(`)
)

// sources reads the Go files of the tree, those of tests or the others.
func sources(t *testing.T, tests bool) string {
	t.Helper()
	var all strings.Builder
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") != tests {
			return err
		}
		text, err := os.ReadFile(path)
		all.Write(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all.String()
}

// inTable says which of the keys in the first column, which may have * for one name, means path.
func inTable(keys []string, path string) bool {
	for _, k := range keys {
		pattern := strings.ReplaceAll(regexp.QuoteMeta(k), `\*`, `(\*|\w+)`)
		if regexp.MustCompile("^" + pattern + `(\[\])?$`).MatchString(path) {
			return true
		}
	}
	return false
}

// TestConformance: the page has a row for each key of the specification, each row names the test that shows it, and tests and
// codes that it names are there.
func TestConformance(t *testing.T) {
	page := readFile(t, "../docs/conformance.md")
	tests := map[string]bool{}
	for _, m := range declared.FindAllStringSubmatch(sources(t, true), -1) {
		tests[m[1]] = true
	}
	for _, m := range testName.FindAllStringSubmatch(page, -1) {
		if !tests[m[1]] {
			t.Errorf("%s is not in the tree", m[1])
		}
	}
	code := sources(t, false)
	for _, name := range codeName.FindAllString(page, -1) {
		if !strings.Contains(code, `"`+name+`"`) {
			t.Errorf("no notice has the code %s", name)
		}
	}
	var keys []string
	table, _, _ := strings.Cut(page[strings.Index(page, "| --- |"):], "\n\n")
	for _, row := range strings.Split(table, "\n")[1:] {
		first := strings.Split(row, "|")[1]
		var here []string
		for _, k := range quoted.FindAllString(first, -1) {
			here = append(here, strings.Trim(k, "`"))
		}
		keys = append(keys, here...)
		if len(here) > 0 && !testName.MatchString(row) {
			t.Errorf("no test is named in %s", row)
		}
	}
	for _, path := range leaves(reflect.TypeFor[specs.Spec](), "") {
		for _, whole := range wholes {
			if under([]string{whole}, path) {
				path = whole
			}
		}
		if !inTable(keys, path) {
			t.Errorf("%s is not in the table", path)
		}
	}
}

// under says whether path is one of the keys or below it.
func under(keys []string, path string) bool {
	for _, k := range keys {
		if path == k || strings.HasPrefix(path, k+".") || strings.HasPrefix(path, k+"[") {
			return true
		}
	}
	return false
}

// TestEveryNoticeIsOnThePage: a code that a plan may carry is explained to people.
func TestEveryNoticeIsOnThePage(t *testing.T) {
	page := readFile(t, "../docs/conformance.md")
	for _, dir := range []string{"../pkg/plan", "../pkg/cgroup", "../pkg/container"} {
		files, err := filepath.Glob(dir + "/*.go")
		if err != nil || len(files) == 0 {
			t.Fatal(dir, err)
		}
		for _, file := range files {
			for _, name := range codeName.FindAllString(readFile(t, file), -1) {
				if !strings.Contains(page, name) {
					t.Errorf("%s of %s is not in docs/conformance.md", name, file)
				}
			}
		}
	}
}
