package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"zeph/pkg/scenario"
)

// readScenario finds a scenario by the name of a file, or among those that are shipped; - is the standard input.
func (a *app) readScenario(name string) (*scenario.Scenario, error) {
	name, text, err := a.scenarioText(name)
	if err != nil {
		return nil, err
	}
	return scenario.Parse(name, text)
}

// scenarioText is the text of such a scenario, and what to call it in errors.
func (a *app) scenarioText(name string) (string, []byte, error) {
	if name == "-" {
		text, err := io.ReadAll(io.LimitReader(a.stdin, 2<<20))
		return "standard input", text, err
	}
	text, err := os.ReadFile(name)
	switch {
	case err == nil:
		return name, text, nil
	case !errors.Is(err, fs.ErrNotExist) || strings.ContainsAny(name, "/.\\"):
		return "", nil, fmt.Errorf("scenario %s: %w", name, pathCause(err))
	}
	if text, err = scenario.Text(name); err != nil {
		return "", nil, next(err, "zeph sim scenarios lists them; for a file of yours give its path")
	}
	return name + ".yaml", text, nil
}

func completeScenarios(_ *cobra.Command, _ []string, begin string) ([]string, cobra.ShellCompDirective) {
	var fit []string
	for _, name := range scenario.Shipped() {
		if strings.HasPrefix(name, begin) {
			fit = append(fit, name)
		}
	}
	return fit, cobra.ShellCompDirectiveDefault // or a file
}

func (a *app) simScenariosCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "scenarios [NAME]",
		Short: "List the scenarios that come with Zeph, or show one's file",
		Long: `List the scenarios that come with Zeph, or show one's file: its comments tell what to look at, and why it goes as it goes.

To make one of yours, begin with a copy:  zeph sim scenarios flapping-osd > mine.yaml
and run it:                               zeph sim run --seed 1 --scenario mine.yaml`,
		Args: cobra.MaximumNArgs(1),
		ValidArgsFunction: func(cmd *cobra.Command, args []string, begin string) ([]string, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			fit, _ := completeScenarios(cmd, args, begin)
			return fit, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				list, err := shippedScenarios()
				if err != nil {
					return err
				}
				return a.print(list)
			}
			text, err := scenario.Text(args[0])
			if err != nil {
				return err
			}
			s, err := scenario.Parse(args[0]+".yaml", text)
			if err != nil {
				return err
			}
			return a.print(scenarioFile{s, string(text)})
		},
	}
}

// scenarioList are the scenarios that come with Zeph.
type scenarioList []scenarioLine

type scenarioLine struct {
	Name  string `json:"name"`
	About string `json:"about"`
}

func shippedScenarios() (scenarioList, error) {
	var list scenarioList
	for _, name := range scenario.Shipped() {
		text, err := scenario.Text(name)
		if err != nil {
			return nil, err
		}
		s, err := scenario.Parse(name+".yaml", text)
		if err != nil {
			return nil, err
		}
		list = append(list, scenarioLine{name, s.About})
	}
	return list, nil
}

func (l scenarioList) text(w *bufio.Writer) {
	width := 0
	for _, s := range l {
		width = max(width, len(s.Name))
	}
	for _, s := range l {
		fmt.Fprintf(w, "%-*s  %s\n", width, s.Name, s.About)
	}
	fmt.Fprintf(w, "\nshow one: zeph sim scenarios NAME   run it: zeph sim run --seed 1 --scenario NAME\n")
}

// scenarioFile is one scenario: for people its file.
type scenarioFile struct {
	*scenario.Scenario
	file string
}

func (f scenarioFile) text(w *bufio.Writer) { w.WriteString(f.file) }
