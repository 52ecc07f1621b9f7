package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/urun/urun/pkg/state"
)

// root is the state directory. It is made where it is not there; one that was named is made only when a container is.
func (app *App) root() (string, error) {
	if app.Root == "" {
		dir, notice, err := state.Root("")
		if notice != "" {
			app.warn(notice)
		}
		return dir, err
	}
	dir, err := absolutePath(app.Root)
	if err == nil && !app.creates {
		if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
			return dir, nil
		}
	}
	if err == nil {
		dir, _, err = state.Root(dir)
	}
	if err != nil {
		return "", fmt.Errorf("%s: %w", app.rootsName(), err)
	}
	return dir, nil
}

// rootsName is how the state directory was named.
func (app *App) rootsName() string {
	if app.Root == os.Getenv("URUN_ROOT") {
		return "URUN_ROOT"
	}
	return "--root"
}

// absolutePath is filepath.Abs, with words for the one thing that can go wrong with it.
func absolutePath(path string) (string, error) {
	abs, err := filepath.Abs(path)
	if errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("%s: the working directory has been removed; change to another one", path)
	}
	return abs, err
}
