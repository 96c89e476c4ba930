package chaos

import (
	"bufio"
	"errors"
	"os"
	"time"

	"zeph/pkg/history"
)

// picturePatience is how long a drawing may look for an order: what is drawn without one is drawn all the same.
const picturePatience = 10 * time.Second

// picture draws the history with the faults.
func (r *Record) picture(path string) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	var spans []history.Span
	for _, s := range r.strikes() {
		for _, name := range s.names {
			spans = append(spans, history.Span{Row: name, Text: s.verb, From: s.at, To: max(s.end, s.at)})
		}
	}
	w := bufio.NewWriter(f)
	err = history.Picture(w, r.operations(), spans, picturePatience)
	return errors.Join(err, w.Flush(), f.Close())
}
