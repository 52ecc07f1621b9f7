package sandbox

import (
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// Seal protects the urun binary from the containers that it starts (CVE-2019-5736). A container's root is, on the host,
// the caller; an entrypoint of #!/proc/self/exe would run the binary inside, where the caller's own rights may open it for
// writing. A binary that belongs to root and that nobody else may write is safe as it is. Any other is copied to a
// sealed memfd and executed anew from there, before anything else happens.
//
// Precondition: called first thing by the commands that start a process in a container. On success with a copy it does
// not return.
func Seal() error {
	var st unix.Stat_t
	if err := unix.Stat(self, &st); err != nil {
		var fs unix.Statfs_t
		if unix.Statfs("/proc", &fs) != nil || fs.Type != unix.PROC_SUPER_MAGIC {
			return errors.New("/proc is missing here: no proc file system is mounted on it, and without one urun can set nothing up")
		}
		return fmt.Errorf("find the urun binary: %w", err)
	}
	if st.Uid == 0 && st.Mode&0o022 == 0 && os.Geteuid() != 0 {
		return nil
	}
	exe, err := os.Open(self)
	if err != nil {
		return fmt.Errorf("open the urun binary: %w", err)
	}
	defer exe.Close()
	if seals, err := unix.FcntlInt(exe.Fd(), unix.F_GET_SEALS, 0); err == nil && seals&allSeals == allSeals {
		original = os.Getenv(sealedFrom)
		return os.Unsetenv(sealedFrom)
	}
	fd, err := sealedCopy(exe, int(st.Size))
	if err != nil {
		return &SealError{err}
	}
	argv := os.Args
	err = execFD(fd, argv, append(os.Environ(), sealedFrom+"="+Binary()))
	return &SealError{err}
}

// sealedFrom tells a sealed copy, in its environment, what it is a copy of.
const sealedFrom = "URUN_SEALED_FROM"

var original string // what this process is a sealed copy of

// Binary is the path of the urun binary, of a sealed copy the path of what it was made from; empty where /proc does not tell.
func Binary() string {
	if original != "" {
		return original
	}
	path, _ := os.Readlink(self)
	return path
}

const self = "/proc/self/exe"

const allSeals = unix.F_SEAL_SEAL | unix.F_SEAL_SHRINK | unix.F_SEAL_GROW | unix.F_SEAL_WRITE

// SealError says that no sealed copy of the binary could be made or executed.
type SealError struct{ Err error }

func (e *SealError) Error() string {
	return "protect the urun binary from the container: " + e.Err.Error()
}

func (e *SealError) Unwrap() error { return e.Err }

// Hint tells the way that needs no copy.
func (e *SealError) Hint() string {
	if errors.Is(e.Err, unix.EMFILE) {
		return "RLIMIT_NOFILE, the limit of open files, is too low for urun: raise it (ulimit -n 64)"
	}
	return "install urun where only root may write it (sudo make install): then it needs no protected copy"
}

func sealedCopy(exe *os.File, size int) (int, error) {
	fd, err := unix.MemfdCreate("urun", unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING|mfdExec)
	if errors.Is(err, unix.EINVAL) { // before Linux 6.3 every memfd was executable and had no flag to say so
		fd, err = unix.MemfdCreate("urun", unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	}
	if err != nil {
		return -1, fmt.Errorf("memfd_create: %w", err)
	}
	if err := fillAndSeal(fd, exe, size); err != nil {
		unix.Close(fd)
		return -1, err
	}
	return fd, nil
}

func fillAndSeal(fd int, exe *os.File, size int) error {
	for done := 0; done < size; {
		n, err := unix.Sendfile(fd, int(exe.Fd()), nil, size-done)
		if err == nil && n == 0 { // it has shrunk since
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return fmt.Errorf("copy to memfd: %w", err)
		}
		done += n
	}
	if err := unix.Fchmod(fd, 0o555); err != nil {
		return fmt.Errorf("chmod memfd: %w", err)
	}
	if _, err := unix.FcntlInt(uintptr(fd), unix.F_ADD_SEALS, allSeals); err != nil {
		return fmt.Errorf("seal memfd: %w", err)
	}
	return nil
}

// mfdExec is MFD_EXEC of linux/memfd.h.
const mfdExec = 0x10

// execFD becomes the program in fd. The path names the descriptor, which closes as it is done with (close-on-exec works for
// binaries, not for scripts, and this is one of ours).
func execFD(fd int, argv, env []string) error {
	return fmt.Errorf("execute memfd: %w", syscall.Exec(fmt.Sprintf("/proc/self/fd/%d", fd), argv, env))
}
