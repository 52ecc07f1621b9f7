package companion

import (
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// Variable names, in the environment, another place for the companion than those that Find knows.
const Variable = "URUN_MONITOR"

// Find looks for the companion: beside the urun binary exe, or in the libexec directory of the same prefix. Where there is
// none, why says what to do.
func Find(exe string) (path, why string) {
	if given := os.Getenv(Variable); given != "" {
		if isProgram(given) {
			return given, ""
		}
		return "", Variable + "=" + given + " is no program"
	}
	dir := filepath.Dir(exe)
	prefix := filepath.Dir(dir)
	for _, path := range []string{
		filepath.Join(dir, Name), filepath.Join(prefix, "libexec/urun", Name), filepath.Join(prefix, "libexec", Name),
	} {
		if isProgram(path) {
			return path, ""
		}
	}
	return "", Name + " is neither beside " + exe + " nor in " + filepath.Join(prefix, "libexec/urun")
}

func isProgram(path string) bool {
	var st unix.Stat_t
	return filepath.IsAbs(path) && unix.Stat(path, &st) == nil && st.Mode&unix.S_IFMT == unix.S_IFREG && unix.Access(path, unix.X_OK) == nil
}
