package cgroup

import (
	"math"
	"os"
	"strconv"
	"strings"
)

// average reads a percentage; NaN and infinities, which JSON cannot say, are 0.
func average(text string) float64 {
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
		return 0
	}
	return f
}

// pageSizes lists the sizes of huge pages as the files of hugetlb name them.
func pageSizes() []string {
	entries, err := os.ReadDir("/sys/kernel/mm/hugepages")
	if err != nil {
		return nil
	}
	var sizes []string
	for _, e := range entries { // hugepages-2048kB
		text, _ := strings.CutPrefix(e.Name(), "hugepages-")
		text, ok := strings.CutSuffix(text, "kB")
		if kb, err := strconv.ParseUint(text, 10, 53); ok && err == nil {
			sizes = append(sizes, pageName(kb))
		}
	}
	return sizes
}

func pageName(kb uint64) string {
	switch {
	case kb >= 1<<20:
		return strconv.FormatUint(kb>>20, 10) + "GB"
	case kb >= 1<<10:
		return strconv.FormatUint(kb>>10, 10) + "MB"
	}
	return strconv.FormatUint(kb, 10) + "KB"
}
