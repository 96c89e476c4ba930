package crush

import (
	"testing"

	"pgregory.net/rapid"
)

func TestTextRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m := genMap().Draw(t, "map")
		if err := m.Validate(); err != nil {
			t.Fatalf("generated an invalid map: %v", err)
		}
		back, _, err := ParseText(m.Text())
		if err != nil {
			t.Fatalf("%v in\n%s", err, m.Text())
		}
		same(t, back, m)
		if loss := m.TextLoss(); loss != nil {
			t.Fatalf("loss: %v", loss)
		}
	})
}
