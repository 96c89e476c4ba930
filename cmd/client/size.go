package main

import (
	"fmt"
	"strconv"
	"strings"
)

const sizeUnits = "KMGTPE"

// parseSize reads a size in bytes, or with a unit of 1024: 10T, 1.5G, 4KiB.
func parseSize(s string) (uint64, error) {
	number := strings.TrimSuffix(strings.TrimSuffix(s, "B"), "i")
	factor := 1.0
	if n := len(number); n > 0 {
		if i := strings.IndexByte(sizeUnits, number[n-1]); i >= 0 {
			number = number[:n-1]
			for range i + 1 {
				factor *= 1024
			}
		}
	}
	x, err := strconv.ParseFloat(number, 64)
	if err != nil || !(x >= 0) || x*factor >= 1<<63 {
		return 0, fmt.Errorf("size %q: expected a number of bytes such as 10T", s)
	}
	return uint64(x * factor), nil
}

func sizeText(n uint64) string {
	if n < 1024 {
		return fmt.Sprintf("%d B", n)
	}
	x, unit := float64(n)/1024, 0
	for ; x >= 999.5 && unit < len(sizeUnits)-1; unit++ {
		x /= 1024
	}
	if x < 10 {
		return fmt.Sprintf("%.1f %ciB", x, sizeUnits[unit])
	}
	return fmt.Sprintf("%.0f %ciB", x, sizeUnits[unit])
}
