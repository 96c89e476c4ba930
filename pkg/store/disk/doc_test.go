package disk

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// TestFormatIsDocumented: the page about the format has every bucket, and the numbers that a reader needs.
func TestFormatIsDocumented(t *testing.T) {
	page, err := os.ReadFile("../../../docs/store-format.md")
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Join(strings.Fields(string(page)), " ")
	wanted := []string{
		fmt.Sprintf("format %d", format),
		fmt.Sprintf("version byte %d", rowVersion),
		fmt.Sprintf("Chunks are %d KiB", chunkSize>>10),
		fmt.Sprintf("at most %d transactions or %d MiB", batchTxns, batchBytes>>20),
	}
	for _, bucket := range buckets {
		wanted = append(wanted, fmt.Sprintf("| `%s` |", bucket))
	}
	for _, want := range wanted {
		if !strings.Contains(text, want) {
			t.Errorf("docs/store-format.md does not say %q", want)
		}
	}
}
