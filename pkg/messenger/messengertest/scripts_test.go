package messengertest

import (
	"io/fs"
	"testing"

	"zeph/pkg/messenger/messengertest/script"
)

func TestScriptsParse(t *testing.T) {
	t.Parallel()
	names, err := fs.Glob(Scripts, "testdata/*.txt")
	if err != nil || len(names) < 20 {
		t.Fatalf("%d scripts, %v", len(names), err)
	}
	for _, name := range names {
		text, err := fs.ReadFile(Scripts, name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := script.Parse(name, string(text)); err != nil {
			t.Error(err)
		}
	}
}
