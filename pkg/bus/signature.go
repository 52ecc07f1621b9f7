package bus

import "strings"

// cut takes the first complete type off a signature.
func cut(signature string) (one, rest string, err error) {
	n := typeLen(signature, 0)
	if n <= 0 {
		return "", "", errSignature
	}
	return signature[:n], signature[n:], nil
}

// typeLen is how long the first complete type is; -1 where there is none.
func typeLen(s string, depth int) int {
	if s == "" || depth > maxDepth {
		return -1
	}
	switch c := s[0]; c {
	case 'a':
		n := typeLen(s[1:], depth+1)
		if n < 0 {
			return -1
		}
		return n + 1
	case '(', '{':
		return structLen(s, c, depth)
	default:
		if strings.IndexByte("ybnqiuxtdsoghv", c) < 0 {
			return -1
		}
		return 1
	}
}

// structLen measures (…) and {…}, which hold at least one type.
func structLen(s string, open byte, depth int) int {
	end := byte(')')
	if open == '{' {
		end = '}'
	}
	at := 1
	for at < len(s) && s[at] != end {
		n := typeLen(s[at:], depth+1)
		if n < 0 {
			return -1
		}
		at += n
	}
	if at >= len(s) || at == 1 {
		return -1
	}
	return at + 1
}

func alignmentOf(kind byte) int {
	switch kind {
	case 'y', 'g', 'v':
		return 1
	case 'n', 'q':
		return 2
	case 'x', 't', 'd', '(', '{':
		return 8
	}
	return 4
}
