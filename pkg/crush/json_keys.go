package crush

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// CheckKeys refuses JSON in which an object has a key twice: one of the two values would be
// lost silently, and which one depends on the reader. Broken JSON is left to the reader.
func CheckKeys(src []byte) error {
	dec := json.NewDecoder(bytes.NewReader(src))
	dec.UseNumber()
	var open []map[string]bool // keys seen in each object that is open; nil for arrays
	key := false               // the next string is a key
	for {
		token, err := dec.Token()
		if err != nil {
			return nil
		}
		switch t := token.(type) {
		case json.Delim:
			switch t {
			case '{':
				open = append(open, make(map[string]bool))
			case '[':
				open = append(open, nil)
			default:
				open = open[:len(open)-1]
			}
			key = len(open) > 0 && open[len(open)-1] != nil
			continue
		case string:
			if key {
				if open[len(open)-1][t] {
					return fmt.Errorf("key %q appears twice in one object", t)
				}
				open[len(open)-1][t] = true
				key = false
				continue
			}
		}
		key = len(open) > 0 && open[len(open)-1] != nil
	}
}
