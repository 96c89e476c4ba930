package chaos

import (
	"cmp"
	"maps"
	"slices"
	"strings"
)

// hasWord reports whether a PG's state, such as active+clean, has a word.
func hasWord(state, word string) bool { return slices.Contains(strings.Split(state, "+"), word) }

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }

// splitValues takes what was appended apart: each value ends with a semicolon.
func splitValues(text string) []string {
	parts := strings.SplitAfter(text, ";")
	if n := len(parts); parts[n-1] == "" {
		return parts[:n-1]
	}
	return parts
}

// brief keeps the beginning of what may be long.
func brief(text string) string {
	if len(text) > 80 {
		return text[:60] + "…"
	}
	return text
}
