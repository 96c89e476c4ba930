package main

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
)

func (a *app) osdCommand() *cobra.Command {
	return group("osd", "Look at OSDs, and move data off and onto them",
		addWatch(verb("tree", "Show the hierarchy with the state of its OSDs", takes(), asks(a, "osd tree", nil, showOSDTree))),
		addWatch(verb("df", "Say how full each OSD is", takes(), asks(a, "osd df", nil, showOSDDF))),
		addWatch(verb("ls", "List the OSDs", takes(), asks(a, "osd ls", nil, showOSDList))),
		verb("dump", "Print the map", takes(), asks(a, "osd dump", nil, showClusterMap)),
		a.osdEach("out", "Let OSDs hold no data: it moves to others"),
		a.osdEach("in", "Let OSDs hold data again"),
		a.osdEach("down", "Mark OSDs down; one that serves comes up again by itself"),
		a.osdReweightCommand(),
		a.osdAffinityCommand(),
		a.osdEach("drain", "Move all data off OSDs: their CRUSH weight becomes 0"),
		a.osdNewCommand(),
		a.osdHarm("purge", "Remove OSDs from the cluster for good", "for good go %s, id and all, and whatever data nobody else has"),
		a.osdHarm("destroy", "Give up the data of OSDs; their ids wait for new stores", "the data of %s are given up for good"),
		a.osdHarm("lost", "Declare what OSDs hold lost, so that PGs go on without it",
			"PGs go on without the data of %s: acknowledged writes that nobody else has are lost for good"),
		a.osdChecks("ok-to-stop", "Say whether OSDs may stop without a PG that stops serving", showOkToStop),
		a.osdChecks("safe-to-destroy", "Say whether the data of OSDs are no longer needed", showSafeToDestroy),
	)
}

// osdNumber reads an OSD's id: 3 or osd.3.
func osdNumber(s string) (string, error) {
	n, err := strconv.ParseUint(strings.TrimPrefix(s, "osd."), 10, 31)
	if err != nil {
		return "", fmt.Errorf("OSD %q: expected a number, such as 3 or osd.3", s)
	}
	return strconv.FormatUint(n, 10), nil
}

func osdNumbers(all []string) ([]string, error) {
	var ids []string
	for _, s := range all {
		id, err := osdNumber(s)
		if err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, nil
}

// doesOSDs gives a command for OSDs, all in one change of the map.
func (a *app) doesOSDs(cmd *cobra.Command, name string, args []string, more arguments) error {
	ids, err := osdNumbers(args)
	if err != nil {
		return usagef(cmd, "%w", err)
	}
	return a.does(cmd, name, more.with("ids", strings.Join(ids, ",")))
}

// osdEach is a command for OSDs that does no harm.
func (a *app) osdEach(name, short string) *cobra.Command {
	cmd := verb(name+" OSD...", short, several("OSD"), func(cmd *cobra.Command, args []string) error {
		return a.doesOSDs(cmd, "osd "+name, args, arguments{})
	})
	cmd.ValidArgsFunction = a.completeOSDs
	return cmd
}

// osdHarm is a command for OSDs that destroys something.
func (a *app) osdHarm(name, short, harm string) *cobra.Command {
	var yes, force bool
	cmd := verb(name+" OSD... --yes", short, several("OSD"), func(cmd *cobra.Command, args []string) error {
		ids, err := osdNumbers(args)
		if err != nil {
			return usagef(cmd, "%w", err)
		}
		if err := a.refuseWithout(cmd, yes, harm, "osd."+strings.Join(ids, ", osd.")); err != nil {
			return err
		}
		return a.doesOSDs(cmd, "osd "+name, args, arguments{"yes": "true", "force": word(force)})
	})
	cmd.ValidArgsFunction = a.completeOSDs
	if name != "lost" {
		cmd.Flags().BoolVar(&force, "force", false, "also when their data are needed, or nobody knows whether")
	}
	return addYes(cmd, &yes)
}

func (a *app) osdReweightCommand() *cobra.Command {
	return a.osdNumberCommand("reweight", "WEIGHT", "weight", "Let CRUSH pass an OSD over now and then: 0 is out, 1 is in")
}

func (a *app) osdAffinityCommand() *cobra.Command {
	return a.osdNumberCommand("primary-affinity", "AFFINITY", "weight", "Let an OSD be primary more rarely: 0 is never if it can be helped, 1 as any other")
}

func (a *app) osdNumberCommand(name, what, key, short string) *cobra.Command {
	cmd := verb(name+" OSD "+what, short, takes("OSD", what), func(cmd *cobra.Command, args []string) error {
		if x, err := strconv.ParseFloat(args[1], 64); err != nil || !(x >= 0 && x <= 1) {
			return usagef(cmd, "%s %q: expected a number from 0 to 1", what, args[1])
		}
		id, err := osdNumber(args[0])
		if err != nil {
			return usagef(cmd, "%w", err)
		}
		return a.does(cmd, "osd "+name, arguments{"id": id, key: args[1]})
	})
	cmd.ValidArgsFunction = a.completeOSDs
	return cmd
}

func (a *app) osdNewCommand() *cobra.Command {
	var store string
	cmd := verb("new [OSD]", "Reserve an id for an OSD to come; prints it", upTo(0, "OSD"), func(cmd *cobra.Command, args []string) error {
		asked := arguments{"store": store}
		if len(args) == 1 {
			id, err := osdNumber(args[0])
			if err != nil {
				return usagef(cmd, "%w", err)
			}
			asked["id"] = id
		}
		return asks(a, "osd new", func([]string) (arguments, error) { return asked, nil }, showOSDNew)(cmd, nil)
	})
	cmd.Flags().StringVar(&store, "store", "", "`UUID` of the store that will have it")
	return cmd
}

// osdChecks is a question about OSDs. "No" is the exit code 1.
func (a *app) osdChecks(name, short string, check func(*app, *cobra.Command, arguments) error) *cobra.Command {
	cmd := verb(name+" OSD...", short, several("OSD"), func(cmd *cobra.Command, args []string) error {
		ids, err := osdNumbers(args)
		if err != nil {
			return usagef(cmd, "%w", err)
		}
		return check(a, cmd, arguments{"ids": strings.Join(ids, ",")})
	})
	cmd.ValidArgsFunction = a.completeOSDs
	return cmd
}
