package chaos

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// flip flips a bit wherever a text stands in the databases below a folder, as rot does: nobody is told. Most such
// places are pages that are in no use any more.
func flip(folder, text string) error {
	if text == "" {
		return errors.New("rot: no object that could rot is there")
	}
	places := 0
	err := filepath.WalkDir(folder, func(path string, e fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, ".db") {
			n, e := flipIn(path, text)
			places, err = places+n, e
		}
		return err
	})
	if err == nil && places == 0 {
		err = fmt.Errorf("rot: %q is nowhere below %s", text, folder)
	}
	return err
}

func flipIn(path, text string) (places int, err error) {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	all, err := os.ReadFile(path)
	if err != nil {
		return 0, err
	}
	for at := 0; ; places++ {
		n := bytes.Index(all[at:], []byte(text))
		if n < 0 {
			return places, nil
		}
		at += n
		if _, err := f.WriteAt([]byte{all[at] ^ 0x20}, int64(at)); err != nil {
			return places, err
		}
		at += len(text)
	}
}
