package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"zeph/pkg/lab"
)

func (a *app) labCommand() *cobra.Command {
	l := &labFlags{app: a}
	cmd := group("lab", "Run a cluster of processes on this machine",
		a.labUpCommand(l),
		a.labDownCommand(l),
		addWatch(verb("ls", "List the daemons: name, kind, pid, addresses, folder, state", takes(), func(cmd *cobra.Command, _ []string) error {
			return a.repeat(cmd, func(context.Context) (result, error) { return l.list() })
		})),
		a.labOSDCommand(l),
		a.labMonCommand(l),
		verb("mend", "Take back what is done to daemons that run: cuts, disks that hang, pauses", takes(), func(cmd *cobra.Command, _ []string) error {
			l, err := l.open()
			if err != nil {
				return err
			}
			if err := l.Mend(cmd.Context()); err != nil {
				return err
			}
			return a.done(nil, "mended; what has ended starts with: zeph lab osd start")
		}),
	)
	cmd.PersistentFlags().StringVar(&l.dir, "dir", "", "`FOLDER` of the lab; default that of the cluster file, or the one that runs")
	return cmd
}

// labFlags say which lab.
type labFlags struct {
	app *app
	dir string
}

// open finds the lab: the one of --dir, that of the cluster file if it is a lab's, the one that runs, or the one
// in the default folder.
func (f *labFlags) open() (*lab.Lab, error) {
	if f.dir == "" {
		if l, err := f.ofCluster(); l != nil || err != nil {
			return l, err
		}
	}
	if f.dir != "" {
		l, err := lab.Open(f.dir)
		if errors.Is(err, lab.ErrNoLab) {
			err = next(err, "start one: zeph lab up --dir %s", f.dir)
		}
		return l, err
	}
	l, err := lab.RunningLab()
	if errors.Is(err, lab.ErrNotRunning) {
		if dir, e := lab.DefaultDir(); e == nil {
			if l, e := lab.Open(dir); e == nil {
				return l, nil
			}
		}
		return nil, next(err, "start one: zeph lab up")
	}
	if err != nil {
		return nil, next(err, "say which one: --dir FOLDER")
	}
	return l, nil
}

// ofCluster is the lab in whose folder the cluster file lies that other commands would take; nil: there is none. One
// that was named for this very command must be a lab's.
func (f *labFlags) ofCluster() (*lab.Lab, error) {
	file := f.app.namedCluster()
	if file == "" {
		return nil, nil
	}
	real, err := filepath.EvalSymlinks(file)
	if err != nil {
		real = file
	}
	l, err := lab.Open(filepath.Dir(real))
	switch {
	case err == nil && filepath.Base(real) == filepath.Base(l.ClusterFile()):
		return l, nil
	case f.app.cluster == "":
		return nil, nil
	case err == nil:
		err = lab.ErrNoLab
	}
	return nil, next(fmt.Errorf("--cluster %s: it is not a lab's: %w", file, err), "see what runs: zeph lab ls")
}

func (a *app) labUpCommand(l *labFlags) *cobra.Command {
	var opts lab.Options
	var settings []string
	cmd := verb("up", "Start a cluster, or the one of the folder again, and leave it running", takes(), func(cmd *cobra.Command, _ []string) error {
		if opts.Dir = l.dir; opts.Dir == "" && a.cluster != "" {
			there, err := l.ofCluster()
			if err != nil {
				return err
			}
			opts.Dir = there.Dir()
		}
		if opts.Dir == "" {
			dir, err := lab.DefaultDir()
			if err != nil {
				return err
			}
			opts.Dir = dir
		}
		if err := onlyForNew(cmd, opts.Dir); err != nil {
			return err
		}
		for _, name := range []string{"mons", "osds", "hosts", "racks", "size", "pg-num"} {
			if n, _ := cmd.Flags().GetInt(name); n < 1 && cmd.Flags().Changed(name) {
				return usagef(cmd, "--%s %d: expected at least 1", name, n)
			}
		}
		for _, s := range settings {
			set, err := labSetting(s)
			if err != nil {
				return usagef(cmd, "%w", err)
			}
			opts.Config = append(opts.Config, set)
		}
		if err := opts.Check(); err != nil {
			return usagef(cmd, "%w", err)
		}
		opts.Talk = a.stderr
		if a.output == formatTable {
			opts.Talk = a.stdout
		}
		a.tidies.Store(true)
		up, err := lab.Up(cmd.Context(), opts)
		if err != nil || a.output == formatTable {
			return err
		}
		return a.printLab(up)
	})
	f := cmd.Flags()
	f.IntVar(&opts.Mons, "mons", 3, "monitors, `N`, an odd number")
	f.IntVar(&opts.OSDs, "osds", 6, "OSDs, `N`")
	f.IntVar(&opts.Hosts, "hosts", 0, "hosts, `N`, that the OSDs are spread over; default 3, or as many as OSDs")
	f.IntVar(&opts.Racks, "racks", 0, "racks, `N`, that the hosts are spread over; default 2, or as many as hosts")
	f.StringVar(&opts.Addr, "addr", "127.0.0.1", "`ADDRESS` that the daemons listen at")
	f.StringVar(&opts.Pool.Name, "pool", "demo", "`NAME` of the first pool")
	f.IntVar(&opts.Pool.Size, "size", 0, "copies of its objects, `N`; default 3, or as many as hosts")
	f.IntVar(&opts.Pool.PGs, "pg-num", 32, "placement groups, `N`, of it")
	f.BoolVar(&opts.NoPool, "no-pool", false, "make no pool")
	f.BoolVar(&opts.Cuts, "cuts", false, "daemons can be cut off (zeph lab osd cut); needs root and iptables")
	f.StringArrayVar(&settings, "set", nil, "set `WHO/NAME=VALUE` first, such as mon/mon_osd_down_out_interval=8s")
	return cmd
}

// onlyForNew refuses flags about what to make where there is a lab that would only be started again.
func onlyForNew(cmd *cobra.Command, dir string) error {
	if _, err := lab.Open(dir); err != nil {
		return nil
	}
	var err error
	cmd.LocalNonPersistentFlags().VisitAll(func(f *pflag.Flag) {
		if f.Changed && err == nil {
			err = next(usagef(cmd, "%s: there is a lab already, and --%s is for a new one", dir, f.Name), "remove it first: zeph lab down --rm --dir %s", dir)
		}
	})
	return err
}

// labSetting reads WHO/NAME=VALUE.
func labSetting(s string) (lab.Setting, error) {
	key, value, ok := strings.Cut(s, "=")
	who, name, ok2 := strings.Cut(key, "/")
	if !ok || !ok2 || who == "" || name == "" {
		return lab.Setting{}, fmt.Errorf("--set %q: expected WHO/NAME=VALUE, such as mon/mon_osd_down_out_interval=8s", s)
	}
	return lab.Setting{Who: who, Name: name, Value: value}, nil
}

func (a *app) labDownCommand(f *labFlags) *cobra.Command {
	var remove bool
	cmd := verb("down", "End all daemons of a cluster; its data stay", takes(), func(cmd *cobra.Command, _ []string) error {
		l, err := f.open()
		if err != nil {
			return err
		}
		a.tidies.Store(true)
		if err := l.Down(cmd.Context()); err != nil {
			return err
		}
		if !remove {
			return a.done(nil, fmt.Sprintf("down; the data stay in %s   again: zeph lab up --dir %s", l.Dir(), l.Dir()))
		}
		if err := l.Remove(); err != nil {
			return err
		}
		return a.done(nil, "down; the data are removed")
	})
	cmd.Flags().BoolVar(&remove, "rm", false, "remove its data, too")
	return cmd
}

func (a *app) labOSDCommand(f *labFlags) *cobra.Command {
	var at string
	add := verb("add [OSD]", "Make another OSD and start it", upTo(0, "OSD"), func(cmd *cobra.Command, args []string) error {
		id := -1
		if len(args) == 1 {
			number, err := osdNumber(args[0])
			if err != nil {
				return usagef(cmd, "%w", err)
			}
			id, _ = strconv.Atoi(number)
		}
		l, err := f.open()
		if err != nil {
			return err
		}
		name, err := l.AddOSD(cmd.Context(), id, at)
		if err != nil {
			return err
		}
		return a.done(nil, name+" is up")
	})
	add.Flags().StringVar(&at, "location", "", "where it stands, `'host=h1 rack=r1'`; default the host with the fewest OSDs")
	osd := func(s string) (string, error) {
		id, err := osdNumber(s)
		return "osd." + id, err
	}
	cmd := group("osd", "Add OSDs, and break them", add,
		a.labDoes(f, "kill OSD", "End an OSD with SIGKILL, as a crash would", "was killed", osd, (*lab.Lab).Kill),
		a.labDoes(f, "stop OSD", "End an OSD with SIGTERM: it says goodbye", "has stopped", osd, (*lab.Lab).Stop),
		a.labDoes(f, "start OSD", "Start an OSD that has ended, with its data", "is up", osd, (*lab.Lab).Start),
		a.labDoes(f, "pause OSD", "Stop an OSD with SIGSTOP: it keeps its sockets and answers nobody", "is paused", osd, (*lab.Lab).Pause),
		a.labDoes(f, "resume OSD", "Let an OSD that is paused go on", "goes on", osd, (*lab.Lab).Resume),
	)
	cmd.AddCommand(a.labFaults(f, "OSD", osd)...)
	return cmd
}

func (a *app) labMonCommand(f *labFlags) *cobra.Command {
	mon := func(s string) (string, error) { return "mon." + monID(s), nil }
	cmd := group("mon", "Break monitors",
		a.labDoes(f, "kill MON", "End a monitor with SIGKILL, as a crash would", "was killed", mon, (*lab.Lab).Kill),
		a.labDoes(f, "stop MON", "End a monitor with SIGTERM", "has stopped", mon, (*lab.Lab).Stop),
		a.labDoes(f, "start MON", "Start a monitor that has ended, with its data", "is ready", mon, (*lab.Lab).Start),
		a.labDoes(f, "pause MON", "Stop a monitor with SIGSTOP", "is paused", mon, (*lab.Lab).Pause),
		a.labDoes(f, "resume MON", "Let a monitor that is paused go on", "goes on", mon, (*lab.Lab).Resume),
	)
	cmd.AddCommand(a.labFaults(f, "MON", mon)...)
	return cmd
}

// labDoes is a command that does something to daemons of a lab, by name.
func (a *app) labDoes(f *labFlags, use, short, done string, name func(string) (string, error), do func(*lab.Lab, context.Context, string) error) *cobra.Command {
	what := strings.Fields(use)[1]
	cmd := verb(use+"...", short, several(what), func(cmd *cobra.Command, args []string) error {
		l, err := f.open()
		if err != nil {
			return err
		}
		for _, arg := range args {
			daemon, err := name(arg)
			if err != nil {
				return usagef(cmd, "%w", err)
			}
			if err := do(l, cmd.Context(), daemon); err != nil {
				if not := (*lab.NotMemberError)(nil); errors.As(err, &not) {
					err = next(err, "for another monitor: move its folder away, take its store out of zeph.yaml, zeph-mon mkfs --join, zeph mon add")
				}
				return err
			}
			if err := a.done(nil, daemon+" "+done); err != nil {
				return err
			}
		}
		return nil
	})
	cmd.ValidArgsFunction = func(_ *cobra.Command, _ []string, begin string) ([]string, cobra.ShellCompDirective) {
		return f.complete(strings.ToLower(what), begin), cobra.ShellCompDirectiveNoFileComp
	}
	return cmd
}

// complete finds the daemons of a kind whose names begin so.
func (f *labFlags) complete(kind, begin string) []string {
	l, err := f.open()
	if err != nil {
		return nil
	}
	list, err := l.List()
	if err != nil {
		return nil
	}
	var fit []string
	for _, d := range list {
		if string(d.Kind) == kind && strings.HasPrefix(d.Name, begin) {
			fit = append(fit, d.Name)
		}
	}
	return fit
}

func (f *labFlags) list() (result, error) {
	l, err := f.open()
	if err != nil {
		return nil, err
	}
	return newLabList(l)
}

func (a *app) printLab(l *lab.Lab) error {
	r, err := newLabList(l)
	if err != nil {
		return err
	}
	return a.print(r)
}

// labList is what zeph lab ls prints.
type labList struct {
	Dir     string       `json:"dir"`
	Cluster string       `json:"cluster_file"`
	Daemons []lab.Daemon `json:"daemons"`
}

func newLabList(l *lab.Lab) (*labList, error) {
	daemons, err := l.List()
	return &labList{l.Dir(), l.ClusterFile(), daemons}, err
}

func (l *labList) text(w *bufio.Writer) {
	fmt.Fprintf(w, "lab %s\n", plain(l.Dir))
	t := columns("NAME<", "STATE<", "PID", "LOCATION<", "ADDRESSES<", "FOLDER<")
	for _, d := range l.Daemons {
		pid := "-"
		if d.Pid != 0 {
			pid = fmt.Sprint(d.Pid)
		}
		var ports []string
		for _, addr := range d.Addresses {
			ports = append(ports, strings.TrimPrefix(addr.Addr, "tcp://"))
		}
		t.row(d.Name, strings.Join(append([]string{string(d.State)}, d.Faults...), ", "), pid, d.Location, portsText(ports), d.Folder)
	}
	t.write(w)
}

// portsText are addresses, of which those that share a host with the first say only the port.
func portsText(addrs []string) string {
	if len(addrs) == 0 {
		return "-"
	}
	text := addrs[0]
	host, _, _ := strings.Cut(addrs[0], ":")
	for _, a := range addrs[1:] {
		text += "," + strings.TrimPrefix(a, host+":")
	}
	return text
}
