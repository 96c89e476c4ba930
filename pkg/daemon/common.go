package daemon

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"zeph/pkg/messenger"
	"zeph/pkg/messenger/backend"
	"zeph/pkg/messenger/zmq"
	"zeph/pkg/osdmap"
	"zeph/pkg/world"
)

// Common are the settings that all daemons have.
type Common struct {
	Data      string // folder
	Cluster   string // file
	Config    string // file
	Listen    []string
	Messenger string
	LogLevel  string
	LogFormat string
}

// Flags makes flags for them.
func (c *Common) Flags(f *pflag.FlagSet) {
	f.StringVar(&c.Data, "data", "", "the daemon's `folder`; %h in it stands for this machine's name")
	f.StringVar(&c.Cluster, "cluster", "zeph.yaml", "the cluster `file`: fsid and monitors")
	f.StringVar(&c.Config, "config", "", "a YAML `file` with settings, the flags' names as keys")
	f.StringArrayVar(&c.Listen, "listen", nil, "`place=endpoint` where others dial, such as control=tcp://10.0.0.1:7100 or control=fd://3; may be repeated")
	f.StringVar(&c.Messenger, "messenger", backend.Default, "`transport` of all messages")
	f.StringVar(&c.LogLevel, "log-level", "info", "least `level` to log: debug, info, warn, error")
	f.StringVar(&c.LogFormat, "log-format", "text", "`form` of the log: text, json")
}

// Validate names everything that is wrong with the settings, and with the endpoints for other places than
// a daemon of its kind has.
func (c *Common) Validate(places []string) error {
	var errs []error
	if strings.Contains(c.Data, "%h") {
		host, err := os.Hostname()
		if err != nil {
			errs = append(errs, fmt.Errorf("--data %s: %w", c.Data, err))
		}
		c.Data = strings.ReplaceAll(c.Data, "%h", host)
	}
	if c.Data == "" {
		errs = append(errs, errors.New("--data: no folder is named"))
	}
	if _, err := backend.Named(c.Messenger, zmq.Settings{}); err != nil {
		errs = append(errs, fmt.Errorf("--messenger: %w", err))
	}
	if err := new(slog.Level).UnmarshalText([]byte(c.LogLevel)); err != nil {
		errs = append(errs, fmt.Errorf("--log-level %q: expected debug, info, warn or error", c.LogLevel))
	}
	if c.LogFormat != "text" && c.LogFormat != "json" {
		errs = append(errs, fmt.Errorf("--log-format %q: expected text or json", c.LogFormat))
	}
	_, err := c.listen(places)
	return errors.Join(append(errs, err)...)
}

// listen reads the --listen flags.
func (c *Common) listen(places []string) (map[string]string, error) {
	var errs []error
	listen := make(map[string]string)
	for _, l := range c.Listen {
		place, endpoint, ok := strings.Cut(l, "=")
		switch {
		case !ok || endpoint == "":
			errs = append(errs, fmt.Errorf("--listen %q: expected place=endpoint", l))
		case !slices.Contains(places, place):
			errs = append(errs, fmt.Errorf("--listen %q: the places are %s", l, strings.Join(places, ", ")))
		case listen[place] != "":
			errs = append(errs, fmt.Errorf("--listen %q: %s is named twice", l, place))
		}
		listen[place] = endpoint
	}
	return listen, errors.Join(errs...)
}

// Endpoints are where to listen: as --listen says, and for the other places what otherwise says.
func (c *Common) Endpoints(places []string, otherwise func(place string) string) map[string]string {
	listen, _ := c.listen(places) // Validate has told
	for _, place := range places {
		if listen[place] == "" {
			listen[place] = otherwise(place)
		}
	}
	return listen
}

// ReadCluster reads the cluster file.
func (c *Common) ReadCluster() (*world.Cluster, error) {
	f, err := world.ReadCluster(c.Cluster)
	if err != nil {
		return nil, fmt.Errorf("cluster file: %w", err)
	}
	return f, nil
}

// Transport makes the transport.
func (c *Common) Transport() (messenger.Transport, error) {
	return backend.Named(c.Messenger, zmq.Settings{})
}

// Logger makes the log.
func (c *Common) Logger(w io.Writer) *slog.Logger {
	var level slog.Level
	level.UnmarshalText([]byte(c.LogLevel)) // Validate has looked
	o := &slog.HandlerOptions{Level: level}
	if c.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(w, o))
	}
	return slog.New(slog.NewTextHandler(w, o))
}

// Announce writes down below the data folder who we are and where we listen.
func (c *Common) Announce(addrs []osdmap.Addr) error {
	where := make(map[string]string)
	for _, a := range addrs {
		where[a.Name] = a.Addr
	}
	text, err := json.MarshalIndent(where, "", "  ")
	if err != nil {
		return err
	}
	return errors.Join(
		replace(filepath.Join(c.Data, "addrs.json"), append(text, '\n')),
		replace(filepath.Join(c.Data, "pid"), []byte(strconv.Itoa(os.Getpid())+"\n")),
	)
}

// replace writes a file that others may be reading.
func replace(path string, text []byte) error {
	if err := os.WriteFile(path+".new", text, 0o644); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}
