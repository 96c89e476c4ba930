package status

import (
	"encoding/json"
	"testing"

	"zeph/pkg/crush"
)

func TestDecimalIsANumberInJSON(t *testing.T) {
	t.Parallel()
	tests := []struct {
		d    Decimal
		want string
	}{
		{0, "0"}, {Unit, "1"}, {850_000, "0.85"}, {-1_500_000, "-1.5"}, {1, "0.000001"}, {OfWeight(crush.One / 4), "0.25"},
		{Share(1, 3), "0.333333"}, {Share(1<<62, 1<<63), "0.5"}, {Share(3, 0), "0"},
	}
	for _, tt := range tests {
		b, err := json.Marshal(tt.d)
		if err != nil || string(b) != tt.want {
			t.Errorf("%d is %s, %v; want %s", int64(tt.d), b, err, tt.want)
		}
		var back Decimal
		if err := json.Unmarshal(b, &back); err != nil || back != tt.d {
			t.Errorf("%s reads as %d, %v", b, int64(back), err)
		}
	}
}
