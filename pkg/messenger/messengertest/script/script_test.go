package script

import (
	"strings"
	"testing"
)

const play = `
# A short play.
start a; start b
a send b 1..3
b sees notes 1..3
a call b 4; a call b 5 hold
b sees request 4, request 5
a sees call 4 answered
kill b
a sees call 5 reset, reset b
a idle
`

func TestPlay(t *testing.T) {
	t.Parallel()
	if err := run(t, play, ""); err != nil {
		t.Error(err)
	}
}

func run(t *testing.T, text, fault string) error {
	t.Helper()
	s, err := Parse("play", text)
	if err != nil {
		t.Fatal(err)
	}
	ok, err := s.Run(openModel(fault))
	if !ok {
		t.Fatal("the model does not play it")
	}
	return err
}

// A world that breaks the contract is found out, and told where.
func TestPlayBites(t *testing.T) {
	t.Parallel()
	for fault, want := range map[string]string{
		"lost":           "play:5: b sees notes 1..3: never seen: note 1 and 2 more",
		"twice":          "b@1 saw note 1: for the second time",
		"wrong session":  "that session was not up",
		"ended twice":    "a@1 saw call 5 reset: for the second time",
		"no reset":       "never seen: reset b@1",
		"answered twice": "play:9: kill b: a@1 saw call 4 reset: for the second time",
	} {
		if err := run(t, play, fault); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v\nwant %q in it", fault, err, want)
		}
	}
}

func TestEverythingMustBeExpected(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"start a; start b; a send b 1":                            "b@1 from a@1 data: up a@1, note 1,",
		"start a; start b; a send b 1..2; b sees note 2":          "never seen: note 2",
		"start a; start b; a send b 1..2; b sees some notes 1..2": "never seen: note 2",
		"start a; a holds 1":                                      "holds 0",
	} {
		if err := run(t, text, ""); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v\nwant %q in it", text, err, want)
		}
	}
}

func TestSomeAndAnyOrder(t *testing.T) {
	t.Parallel()
	err := run(t, `
start a; start b
a send b 3; a send b 5; a send b 9
b sees some notes 1..9
a call b 10 hold; a call b 11
b sees requests 10..11
a sees call 11 answered
b answer 10
a sees call 10 answered
a send b 12; b send a 13
b sees up a and note 12; a sees note 13
`, "")
	if err != nil {
		t.Error(err)
	}
}

func TestNeeds(t *testing.T) {
	t.Parallel()
	s, err := Parse("play", "needs snow\nstart a")
	if err != nil {
		t.Fatal(err)
	}
	if ok, err := s.Run(openModel("")); ok || err != nil {
		t.Errorf("Run = %v, %v, want that it is left out", ok, err)
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"a send b 1":                              `node "a" was not started`,
		"start a; a dance":                        "no such statement",
		"start":                                   `"" is no name`,
		"start a@2":                               "no name for a node",
		"start a; kill a@2":                       `run "a@2": a was started 1 times`,
		"start a; start b; a send b":              `"": expected a number`,
		"start a; start b; a send b 5..1":         "expected a number",
		"start a; start b; a send b 1..200001":    "at most 100000",
		"start a; start b; a send b 1 hold":       `unexpected "hold"`,
		"start a; start b; a send b 1 size=x":     "expected a number of bytes",
		"start a; start b; a send b 1 size=4000M": "expected a number of bytes",
		"start a; start b; a call b 1 odd=hat":    "expected type, class or field",
		"start a; start b; a call b 1 timeout=x":  "invalid duration",
		"start a; a fail 1 sorry":                 `no error code "sorry"`,
		"start a; a publish 1 write":              "expected note or echo",
		"start a; a sees":                         "expected what and which",
		"start a; a sees snow 1":                  `no event "snow"`,
		"start a; a sees note 1 eaten":            `"eaten" is not what becomes of a note`,
		"start a; a holds":                        "expected a number",
		"start a; a holds x":                      "invalid syntax",
		"start a; a idle now":                     "unexpected",
		"start a; a sees up b":                    `node "b" was not started`,
		"limits window=x":                         "expected a number of bytes",
		"limits hats=3":                           `no limit "hats"`,
	} {
		_, err := Parse("bad", text)
		if err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "bad:1: ") {
			t.Errorf("%s: %v\nwant %q in it", text, err, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(play)
	f.Add("limits bulk window=64K redial=1h; start a client deaf as=a")
	f.Fuzz(func(t *testing.T, text string) {
		Parse("fuzz", text)
	})
}
