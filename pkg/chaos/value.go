package chaos

import (
	"bytes"
	"fmt"
	"strings"
)

// A value is a name that is used once, such as w0.1.1.17; with the semicolon. The object that holds it has it in its
// first bytes; many have more, which follows from the value, so that a reader can tell whether all of it is
// intact. Objects that are appended to hold nothing but the values, one after the other.

// body are the bytes of an object with a value.
func body(value string) []byte {
	var b bytes.Buffer
	b.WriteString(value)
	for i := range records(value) {
		fmt.Fprintf(&b, "%s%05d;", value, i)
	}
	return b.Bytes()
}

// records is how many more a value has: mostly none, for small objects are the usual ones; up to some 100 KiB.
func records(value string) int {
	if strings.HasPrefix(value, "s.") {
		return 4000
	}
	if h := hashOf(value); h%8 == 0 {
		return int(h>>3) % 4000
	}
	return 0
}

// recordOf is one of the records in the body of a value, which nothing else on a disk looks like.
func recordOf(value string, i int) string { return fmt.Sprintf("%s%05d;", value, i) }

// valueIn is the value that an object's bytes hold; of bytes that no value has it says what is wrong.
func valueIn(object string, data []byte) string {
	if strings.HasPrefix(object, "log.") {
		return string(data)
	}
	value, _, found := strings.Cut(string(data), ";")
	value += ";"
	if found && bytes.Equal(data, body(value)) {
		return value
	}
	want := body(value)
	n := 0
	for n < len(data) && n < len(want) && data[n] == want[n] {
		n++
	}
	return fmt.Sprintf("GARBLED %s: %d bytes, expected %d, the first wrong one at %d", value, len(data), len(want), n)
}
