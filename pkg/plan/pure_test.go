package plan_test

import (
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestImportsNothingThatActs: a plan is computed from its arguments. fmt and encoding/json bring package os along, so it
// is the package's own imports that are looked at.
func TestImportsNothingThatActs(t *testing.T) {
	acting := []string{"os", "os/exec", "os/user", "io/ioutil", "path/filepath", "net", "time", "syscall/js", "math/rand", "math/rand/v2"}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, imp := range f.Imports {
			if path, _ := strconv.Unquote(imp.Path.Value); slices.Contains(acting, path) {
				t.Errorf("%s imports %s", file, path)
			}
		}
	}
}
