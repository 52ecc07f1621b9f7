package container

import (
	"errors"
	"fmt"
	"os"
	"strconv"

	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/sandbox"
)

// sendPidfd gives the process to whoever listens at path (--pidfd-socket).
func sendPidfd(path string, pidfd int) error {
	if path == "" {
		return nil
	}
	fd, err := sandbox.Dial(path)
	if err != nil {
		return fmt.Errorf("--pidfd-socket: %w", err)
	}
	defer unix.Close(fd)
	return sandbox.SendFD(fd, pidfd, "pidfd")
}

// writePid writes a pid file as clients read it: decimal, no newline, all at once.
func writePid(path string, pid int) error {
	if path == "" {
		return nil
	}
	// The name can be guessed, so nothing that somebody has put there is followed or written to.
	tmp := path + ".tmp" + strconv.Itoa(os.Getpid())
	_ = os.Remove(tmp)
	f, err := os.OpenFile(tmp, os.O_WRONLY|os.O_CREATE|os.O_EXCL|unix.O_NOFOLLOW, 0o644)
	if err != nil {
		return fmt.Errorf("--pid-file: %w", err)
	}
	_, err = f.Write(strconv.AppendInt(nil, int64(pid), 10))
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(tmp, path)
	}
	if err != nil {
		_ = os.Remove(tmp)
		return fmt.Errorf("--pid-file: %w", err)
	}
	return nil
}
