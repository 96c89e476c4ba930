package main

import (
	"bufio"
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

func TestYAML(t *testing.T) {
	t.Parallel()
	const text = `{"no":"no","b":"12","gid":"1e3","d":"x: y","e":"\u001b[2J","f":18446744073709551615,"g":"line\nbreak","h":[],
		"i":{},"j":null,"k":"null","l":0.85,"m":"#x","n":"~","o":[{"p":1,"q":["r"]},[1,[2]],[]],"s":"osd out by itself","t":true,"u":" v "}`
	var out strings.Builder
	w := bufio.NewWriter(&out)
	if err := writeYAML(w, answer{raw: json.RawMessage(text)}); err != nil {
		t.Fatal(err)
	}
	w.Flush()
	if strings.Contains(out.String(), "\x1b") || !strings.Contains(out.String(), "\ngid: \"1e3\"\n") {
		t.Errorf("%s", out.String())
	}
	var read, want, got any
	if err := yaml.Unmarshal([]byte(out.String()), &read); err != nil {
		t.Fatalf("%v in\n%s", err, out.String())
	}
	back, err := json.Marshal(read) // numbers as JSON has them
	if err != nil {
		t.Fatal(err)
	}
	for text, value := range map[string]any{text: &want, string(back): &got} {
		if err := json.Unmarshal([]byte(text), value); err != nil {
			t.Fatal(err)
		}
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s\nread as %v", out.String(), got)
	}
}
