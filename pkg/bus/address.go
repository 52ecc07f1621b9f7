package bus

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// paths finds the sockets in an address such as unix:path=/run/user/1000/bus,guid=…;unix:abstract=…, in order. An
// abstract socket begins with @. runtimeDir stands for unix:runtime=yes.
func paths(address, runtimeDir string) ([]string, error) {
	var list []string
	for one := range strings.SplitSeq(address, ";") {
		options, ok := strings.CutPrefix(one, "unix:")
		if !ok {
			continue
		}
		for option := range strings.SplitSeq(options, ",") {
			key, value, _ := strings.Cut(option, "=")
			value, err := unescape(value)
			if err != nil {
				return nil, fmt.Errorf("address %q: %w", address, err)
			}
			switch {
			case key == "path" && value != "":
				list = append(list, value)
			case key == "abstract" && value != "":
				list = append(list, "@"+value)
			case key == "runtime" && value == "yes" && runtimeDir != "":
				list = append(list, runtimeDir+"/bus")
			}
		}
	}
	if list == nil {
		return nil, fmt.Errorf("address %q: it names no Unix socket", address)
	}
	return list, nil
}

// unescape reads %XX.
func unescape(s string) (string, error) {
	if !strings.Contains(s, "%") {
		return s, nil
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '%' {
			b.WriteByte(s[i])
			continue
		}
		if i+2 >= len(s) {
			return "", errors.New("an escape is cut off")
		}
		n, err := strconv.ParseUint(s[i+1:i+3], 16, 8)
		if err != nil || n == 0 {
			return "", fmt.Errorf("%q is no escape", s[i:i+3])
		}
		b.WriteByte(byte(n))
		i += 2
	}
	return b.String(), nil
}
