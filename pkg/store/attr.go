package store

import (
	"slices"
	"strings"
)

// SetAttr sets one of a list of attributes, in place.
func SetAttr(attrs []Attr, name string, value []byte) []Attr {
	at, found := findAttr(attrs, name)
	if found {
		attrs[at].Value = value
		return attrs
	}
	return slices.Insert(attrs, at, Attr{name, value})
}

// RemoveAttr removes one of a list of attributes, in place.
func RemoveAttr(attrs []Attr, name string) []Attr {
	if at, found := findAttr(attrs, name); found {
		return slices.Delete(attrs, at, at+1)
	}
	return attrs
}

func findAttr(attrs []Attr, name string) (int, bool) {
	return slices.BinarySearchFunc(attrs, name, func(a Attr, name string) int {
		return strings.Compare(a.Name, name)
	})
}

func attrBytes(attrs []Attr) uint64 {
	sum := 0
	for _, a := range attrs {
		sum += len(a.Name) + len(a.Value)
	}
	return uint64(sum)
}
