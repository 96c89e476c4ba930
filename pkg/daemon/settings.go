package daemon

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/spf13/pflag"
)

// settle gives the flags that the command line did not name what the environment or the file says.
func settle(flags *pflag.FlagSet, env func(string) (string, bool)) error {
	errs := fill(flags, "the environment", func(name string) ([]string, bool) {
		v, ok := env(Variable(name))
		return []string{v}, ok
	})
	if config := flags.Lookup("config"); config != nil && config.Value.String() != "" {
		errs = append(errs, fromFile(flags, config.Value.String())...)
	}
	return errors.Join(errs...)
}

// Variable is the environment variable of a flag.
func Variable(flag string) string {
	return "ZEPH_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// fill sets each flag that nobody has set yet.
func fill(flags *pflag.FlagSet, origin string, find func(name string) ([]string, bool)) []error {
	var errs []error
	flags.VisitAll(func(f *pflag.Flag) {
		values, ok := find(f.Name)
		if !ok || f.Changed || f.Name == "help" || f.Name == "version" {
			return
		}
		for _, v := range values {
			if err := flags.Set(f.Name, v); err != nil {
				errs = append(errs, fmt.Errorf("%s: --%s: %w", origin, f.Name, err))
			}
		}
	})
	return errs
}

// fromFile sets flags by a YAML file with their names as keys.
func fromFile(flags *pflag.FlagSet, path string) []error {
	text, err := os.ReadFile(path)
	if err != nil {
		return []error{fmt.Errorf("--config: %w", err)}
	}
	var file map[string]any
	if err := yaml.Unmarshal(text, &file); err != nil {
		return []error{fmt.Errorf("%s: %s", path, yaml.FormatError(err, false, false))}
	}
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(file)) {
		if flags.Lookup(name) == nil {
			errs = append(errs, fmt.Errorf("%s: %q is no setting", path, name))
		}
	}
	return append(errs, fill(flags, path, func(name string) ([]string, bool) {
		v, ok := file[name]
		return values(v), ok
	})...)
}

// values are a YAML value as a command line would say it.
func values(v any) []string {
	list, ok := v.([]any)
	if !ok {
		return []string{fmt.Sprint(v)}
	}
	var all []string
	for _, v := range list {
		all = append(all, fmt.Sprint(v))
	}
	return all
}
