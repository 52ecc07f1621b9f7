package bundle

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	specs "github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"
)

// ConfigFile is the name of the config in a bundle.
const ConfigFile = "config.json"

// maxConfig is the largest config that is read, in bytes.
const maxConfig = 32 << 20

// Bundle is a directory with a config.
type Bundle struct {
	Dir  string      // absolute path
	Raw  []byte      // config.json as it was read
	Spec *specs.Spec // what it says, but for what is in Filter

	// Filter is the text of linux.seccomp, which Spec then lacks (see DecodeApart); nil: Spec has all.
	Filter []byte
}

// Load reads the config of the bundle in dir. The error names the file; for a document that cannot be understood
// it has line and column too.
func Load(dir string) (*Bundle, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	path := filepath.Join(dir, ConfigFile)
	raw, err := readConfig(path)
	if errors.Is(err, fs.ErrNotExist) {
		if _, noDir := os.Stat(dir); noDir != nil {
			return nil, fmt.Errorf("bundle: %w", noDir)
		}
		return nil, fmt.Errorf("%w; is %s a bundle? \"urun spec\" writes a config", err, dir)
	}
	if err != nil {
		return nil, err
	}
	spec, filter, err := DecodeApart(raw)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return &Bundle{Dir: dir, Raw: raw, Spec: spec, Filter: filter}, nil
}

func readConfig(path string) ([]byte, error) {
	// Without O_NONBLOCK a fifo would keep us waiting for a writer.
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC|unix.O_NONBLOCK|unix.O_NOCTTY, 0)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: path, Err: err}
	}
	defer unix.Close(fd)
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return nil, &fs.PathError{Op: "stat", Path: path, Err: err}
	}
	if st.Mode&unix.S_IFMT != unix.S_IFREG {
		return nil, fmt.Errorf("%s is not a regular file", path)
	}
	if st.Size > maxConfig {
		return nil, fmt.Errorf("%s has %d bytes, more than the %d that are read of a config", path, st.Size, maxConfig)
	}
	raw, err := readUpTo(fd, int(st.Size))
	if err != nil {
		return nil, &fs.PathError{Op: "read", Path: path, Err: err}
	}
	return raw, nil
}

// readUpTo reads at most size bytes: a file that grows while it is read cannot exhaust memory.
func readUpTo(fd, size int) ([]byte, error) {
	raw := make([]byte, size)
	for n := 0; n < size; {
		m, err := unix.Read(fd, raw[n:])
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return nil, err
		}
		if m == 0 {
			return raw[:n], io.ErrUnexpectedEOF
		}
		n += m
	}
	return raw, nil
}

// Find returns the absolute path of the bundle that is meant: the one of the flag, else the current directory. When
// the current directory has no config but the one in it that is named like the container has, that one is
// meant, and the note says so.
func Find(flag, id string) (dir, note string, err error) {
	dir = flag
	if !filepath.IsAbs(flag) {
		here, err := os.Getwd()
		if errors.Is(err, fs.ErrNotExist) {
			err = errors.New("it has been removed; change to another one")
		}
		if err != nil {
			return "", "", fmt.Errorf("working directory: %w", err)
		}
		dir = filepath.Join(here, flag)
	}
	if flag != "" {
		return filepath.Clean(dir), "", nil
	}
	if hasConfig(dir) || id == "" || id == "." || id == ".." || filepath.Base(id) != id {
		return dir, "", nil
	}
	if named := filepath.Join(dir, id); hasConfig(named) {
		return named, "no " + ConfigFile + " here, using the bundle " + named, nil
	}
	return dir, "", nil
}

func hasConfig(dir string) bool {
	var st unix.Stat_t
	return unix.Stat(filepath.Join(dir, ConfigFile), &st) == nil
}
