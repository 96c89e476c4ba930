package daemon

import (
	"fmt"
	"strconv"
	"strings"
)

// ParseSize reads a size in bytes, or with a unit of 1024: 10T, 1.5G, 4KiB.
func ParseSize(s string) (uint64, error) {
	number := strings.TrimSuffix(strings.TrimSuffix(s, "B"), "i")
	factor := 1.0
	if n := len(number); n > 0 {
		if i := strings.IndexByte("KMGTPE", number[n-1]); i >= 0 {
			number = number[:n-1]
			for range i + 1 {
				factor *= 1024
			}
		}
	}
	x, err := strconv.ParseFloat(number, 64)
	if err != nil || !(x >= 0) || x*factor >= 1<<63 {
		return 0, fmt.Errorf("%q: expected a number of bytes such as 10T", s)
	}
	return uint64(x * factor), nil
}
