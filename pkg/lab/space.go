package lab

import (
	"fmt"
	"syscall"
)

// spare is for how many more OSDs, and all else, the lab leaves room.
const spare = 3

// freeSpace is how many bytes the file system of a folder has left.
func freeSpace(dir string) (uint64, error) {
	var fs syscall.Statfs_t
	if err := syscall.Statfs(dir, &fs); err != nil {
		return 0, fmt.Errorf("%s: free space: %w", dir, err)
	}
	return fs.Bavail * uint64(fs.Bsize), nil
}
