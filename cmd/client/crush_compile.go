package main

import (
	"errors"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"zeph/pkg/crush"
)

// mapForms are the forms of a CRUSH map, in the words of --to.
var mapForms = []string{"text", "json", "cbor"}

func (a *app) crushCompileCommand() *cobra.Command {
	cmd := a.convertCommand("cbor")
	cmd.Use = "compile MAP"
	cmd.Short = "Turn a CRUSH map into Zeph's binary form, or another"
	cmd.Long = "Reads a CRUSH map in any form (- is stdin), checks it, and writes it in the form --to says."
	cmd.Example = "  zeph crush compile map.txt --out map.zcrush\n" +
		"  ceph osd crush dump | zeph crush compile - --out map.zcrush"
	return cmd
}

func (a *app) crushDecompileCommand() *cobra.Command {
	cmd := a.convertCommand("text")
	cmd.Use = "decompile MAP"
	cmd.Short = "Turn a CRUSH map into text that people edit, or another form"
	cmd.Long = "Reads a CRUSH map in any form (- is stdin), checks it, and writes it in the form --to says.\n" +
		"What the text cannot carry is told as a warning; JSON and binary carry everything."
	cmd.Example = "  zeph crush decompile map.zcrush > map.txt\n" +
		"  zeph crush decompile map.txt --to json"
	return cmd
}

// convertCommand is compile and decompile, which differ in the form they write by default.
func (a *app) convertCommand(form string) *cobra.Command {
	var out string
	cmd := &cobra.Command{
		Args: takes("MAP"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if cmd.Flags().Changed("output") {
				return next(usagef(cmd, "-o is not for maps"), "say --to %s", strings.Join(mapForms, ", --to "))
			}
			if !slices.Contains(mapForms, form) {
				return next(usagef(cmd, "--to %s: no such form", form), "expected one of: %s", strings.Join(mapForms, ", "))
			}
			return a.convert(args[0], form, out)
		},
	}
	cmd.Flags().StringVar(&form, "to", form, "`FORM` to write: "+strings.Join(mapForms, ", "))
	cmd.Flags().StringVar(&out, "out", "-", "`FILE` to write; - is stdout")
	return cmd
}

func (a *app) convert(in, form, out string) error {
	m, err := a.readCrush(in)
	if err != nil {
		return err
	}
	dst, err := a.encode(m, in, form)
	if err != nil {
		return inFile(in, err)
	}
	if form == "cbor" && out == "-" && isTerminal(a.stdout) {
		return next(errors.New("stdout: a terminal cannot show a binary map"), "say --out FILE, or --to text")
	}
	return a.writeFile(out, dst)
}

func (a *app) encode(m *crush.Map, name, form string) ([]byte, error) {
	switch form {
	case "json":
		return m.Dump(), nil
	case "cbor":
		return m.MarshalBinary()
	}
	a.warnAbout(name, m.TextLoss())
	return m.Text(), nil
}
