package copyup

import (
	"errors"

	"golang.org/x/sys/unix"
)

// content copies what is in a file. Of one with holes only the data is read, or a file of some bytes could keep us busy for hours.
func content(src, dst int, st *unix.Stat_t) error {
	if st.Blocks*512 >= st.Size {
		return part(src, dst, 0, -1)
	}
	for at := int64(0); at < st.Size; {
		from, err := unix.Seek(src, at, unix.SEEK_DATA)
		if errors.Is(err, unix.ENXIO) { // nothing but a hole comes
			break
		}
		to := int64(-1)
		if err == nil {
			to, err = unix.Seek(src, from, unix.SEEK_HOLE)
		}
		if err != nil { // this file system does not tell where they are
			return part(src, dst, at, -1)
		}
		if err := part(src, dst, from, to); err != nil {
			return err
		}
		at = to
	}
	return unix.Ftruncate(dst, st.Size)
}

// part copies what lies between two offsets, or from one to the end of the file (-1).
func part(src, dst int, from, to int64) error {
	for _, fd := range [2]int{src, dst} {
		if _, err := unix.Seek(fd, from, unix.SEEK_SET); err != nil {
			return err
		}
	}
	for from != to {
		most := int64(1 << 30)
		if to >= 0 {
			most = min(most, to-from)
		}
		n, err := unix.Sendfile(dst, src, nil, int(most))
		switch {
		case errors.Is(err, unix.EINTR):
		case err != nil:
			return err
		case n == 0: // the end, or it has shrunk since
			return nil
		}
		from += int64(max(n, 0))
	}
	return nil
}
