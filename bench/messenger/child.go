package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
)

// childArg as the first argument makes the program one end of a measurement. What an end says
// are lines on its standard output:
//
//	server  listening ADDR; after each line on its input: usage JSON
//	client  begin, when the measured time starts; sample JSON, when it is over
//
// An end exits when its input is closed, not before, so that none outlives who measures.
const childArg = "end-of-a-measurement"

// child runs one end: server VARIANT LOAD..., client VARIANT ADDR LOAD..., or
// restarted zeph ENDPOINT.
func child(args []string, in io.Reader, out io.Writer) error {
	if len(args) < 2 {
		return errors.New("which end of which variant?")
	}
	v := variantNamed(args[1])
	if v == nil {
		return fmt.Errorf("unknown variant %q", args[1])
	}
	switch {
	case args[0] == restarted && len(args) == 3:
		return serveRestarted(args[2], in, out)
	case args[0] == "server":
		return server(v, args[2:], in, out)
	case args[0] == "client" && len(args) > 2:
		return clientEnd(v, args[2], args[3:], in, out)
	}
	return fmt.Errorf("unknown end %q", args)
}

func server(v *variant, args []string, in io.Reader, out io.Writer) error {
	l, err := parseLoad(args)
	if err != nil {
		return err
	}
	stop, err := profile("server", v, l)
	if err != nil {
		return err
	}
	return v.serve(l, func(addr string) {
		say(out, "listening", addr)
		go func() {
			for lines := bufio.NewScanner(in); lines.Scan(); {
				say(out, "usage", toJSON(usageNow()))
			}
			stop()
			os.Exit(0)
		}()
	})
}

func clientEnd(v *variant, addr string, args []string, in io.Reader, out io.Writer) error {
	l, err := parseLoad(args)
	if err != nil {
		return err
	}
	go func() {
		io.Copy(io.Discard, in)
		os.Exit(1)
	}()
	stop, err := profile("client", v, l)
	if err != nil {
		return err
	}
	s, err := drive(v.dial, addr, l, func() { say(out, "begin", "") })
	stop()
	if err != nil {
		return err
	}
	say(out, "sample", toJSON(s))
	select {} // a server that sees us go may end before it is asked what it used
}

// say is one write, so that a line is never torn.
func say(out io.Writer, word, rest string) { fmt.Fprintf(out, "%s %s\n", word, rest) }

func toJSON(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // numbers in a struct of ours
	}
	return string(b)
}
