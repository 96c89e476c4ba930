//go:build !linux

package lab

import "errors"

// within does something in a network namespace, of which only Linux has any.
func within(string, func() error) error { return errors.ErrUnsupported }
