package main

import (
	"errors"
	"fmt"
	"strconv"
)

// number puts the value of a flag, if it was given, where to points.
func number[T any](to **T, flag, text string, parse func(string) (T, error)) error {
	if text == "" {
		return nil
	}
	n, err := parse(text)
	if err != nil {
		return fmt.Errorf("--%s %q: %w", flag, text, err)
	}
	*to = &n
	return nil
}

var errNumber = errors.New("is not a whole number in range")

func parseUint(text string) (uint64, error) {
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return 0, errNumber
	}
	return n, nil
}

func parseInt(text string) (int64, error) {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0, errNumber
	}
	return n, nil
}

func parseWeight(text string) (uint16, error) {
	n, err := strconv.ParseUint(text, 10, 16)
	if err != nil {
		return 0, errNumber
	}
	return uint16(n), nil
}

// parseLimit reads a number of processes. What runc does with a 0 is nothing, which is no answer to a limit.
func parseLimit(text string) (int64, error) {
	n, err := parseInt(text)
	if err == nil && n == 0 {
		return 0, errors.New("no process could be; -1 says that there is no limit")
	}
	return n, err
}
