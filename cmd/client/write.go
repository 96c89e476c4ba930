package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// writeFile writes a file, "-" for stdout, so that at no time a reader finds half of it:
// it is written beside, and takes the place of the old one when it is on the disk.
func (a *app) writeFile(path string, content []byte) error {
	if path == "-" {
		_, err := a.stdout.Write(content)
		return err
	}
	path, mode, err := replaceable(path)
	if err == nil && mode.IsRegular() {
		err = replace(path, mode, content)
	} else if err == nil {
		err = os.WriteFile(path, content, 0) // a pipe or a device, which stays
	}
	if err != nil {
		return inFile(path, pathCause(err))
	}
	return nil
}

// replaceable follows links, so that the file is replaced and not the link to it. The mode
// is that of the file, or of a new one.
func replaceable(path string) (string, fs.FileMode, error) {
	target, err := filepath.EvalSymlinks(path)
	if errors.Is(err, fs.ErrNotExist) {
		return path, 0, nil
	}
	if err != nil {
		return path, 0, err
	}
	info, err := os.Stat(target)
	if err != nil {
		return path, 0, err
	}
	if info.IsDir() {
		return path, 0, errors.New("is a directory")
	}
	return target, info.Mode(), nil
}

// replace puts a new file at path. A mode of 0 is that of any new file.
func replace(path string, mode fs.FileMode, content []byte) error {
	temp := filepath.Join(filepath.Dir(path), fmt.Sprintf(".%s.%d.tmp", filepath.Base(path), os.Getpid()))
	f, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	if mode != 0 {
		err = errors.Join(err, f.Chmod(mode.Perm()))
	}
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(temp, path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(temp))
	}
	return nil
}

// isTerminal reports whether a person would see the bytes. (The null device is a character
// device as well, and takes everything.)
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	if err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return false
	}
	null, err := os.Stat(os.DevNull)
	return err != nil || !os.SameFile(info, null)
}
