package scenario

import (
	"embed"
	"fmt"
	"strings"
)

//go:embed shipped
var shipped embed.FS

// Shipped are the names of the scenarios that come with Zeph, in order.
func Shipped() []string {
	files, err := shipped.ReadDir("shipped")
	if err != nil {
		panic("scenario: Shipped: " + err.Error())
	}
	var names []string
	for _, f := range files {
		names = append(names, strings.TrimSuffix(f.Name(), ".yaml"))
	}
	return names
}

// Text is the file of a shipped scenario.
func Text(name string) ([]byte, error) {
	text, err := shipped.ReadFile("shipped/" + name + ".yaml")
	if err != nil {
		return nil, fmt.Errorf("%w", oneOf("scenario", name, Shipped()))
	}
	return text, nil
}
