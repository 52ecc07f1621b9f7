package main

import (
	"errors"
	"math"
	"strconv"
	"strings"
)

var errSize = errors.New("is no size such as 67108864, 64m or 1.5GiB; -1 says that there is no limit")

// parseSize reads an amount of memory as the flags of runc take it: bytes, or with a unit from k to p, each 1024 times the one
// before, in small or capital letters, that b or ib may follow.
func parseSize(text string) (int64, error) {
	if text == "-1" {
		return -1, nil
	}
	digits := strings.TrimRight(strings.ToLower(text), "abcdefghijklmnopqrstuvwxyz ")
	unit := strings.TrimLeft(strings.ToLower(text)[len(digits):], " ")
	power := 0
	switch {
	case unit == "" || unit == "b":
	default:
		power = strings.IndexByte("kmgtp", unit[0]) + 1
		if rest := unit[1:]; power == 0 || rest != "" && rest != "b" && rest != "ib" {
			return 0, errSize
		}
	}
	if strings.Trim(digits, "0123456789.") != "" {
		return 0, errSize
	}
	if n, err := strconv.ParseInt(digits, 10, 64); err == nil {
		if n > math.MaxInt64>>(10*power) {
			return 0, errSize
		}
		return n << (10 * power), nil
	}
	f, err := strconv.ParseFloat(digits, 64)
	if f *= float64(int64(1) << (10 * power)); err != nil || f >= math.MaxInt64 {
		return 0, errSize
	}
	return int64(f), nil
}
