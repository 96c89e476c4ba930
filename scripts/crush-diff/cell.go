package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Axes of the table.
var (
	kinds    = []string{"uniform", "list", "tree", "straw", "straw2", "mixed"}
	profiles = []string{"argonaut", "bobtail", "firefly", "hammer", "jewel", "custom"}
	features = []string{"plain", "classes", "reweight", "weight-sets", "upmap", "affinity"}
	shapes   = []string{"choose firstn", "chooseleaf firstn", "choose indep", "chooseleaf indep", "multi-step"}
)

// Shapes of rules, as in shapes.
const (
	chooseFirstn = iota
	chooseleafFirstn
	chooseIndep
	chooseleafIndep
	multiStep
	numShapes
)

// corner is what the map of one trial is like.
type corner struct {
	kind, profile, feature string
}

// corners lists all that Ceph can have: a uniform bucket has no shadows for device classes.
func corners() []corner {
	var all []corner
	for _, k := range kinds {
		for _, p := range profiles {
			for _, f := range features {
				if c := (corner{k, p, f}); c.possible() {
					all = append(all, c)
				}
			}
		}
	}
	return all
}

func (c corner) possible() bool { return c.kind != "uniform" || c.feature != "classes" }

// pgs reports whether the feature is one of osdmaps and PGs, not of CRUSH alone.
func (c corner) pgs() bool { return c.feature == "upmap" || c.feature == "affinity" }

// trialID names one random map.
type trialID struct {
	corner
	number int
}

func (t trialID) String() string {
	return fmt.Sprintf("%s/%s/%s/%d", t.kind, t.profile, t.feature, t.number)
}

func parseTrial(s string) (trialID, error) {
	p := strings.Split(s, "/")
	if len(p) == 4 {
		c := corner{p[0], p[1], p[2]}
		if n, err := strconv.Atoi(p[3]); err == nil && slices.Contains(corners(), c) {
			return trialID{c, n}, nil
		}
	}
	return trialID{}, fmt.Errorf("trial %q: expected kind/profile/feature/number: one of %s; of %s; of %s; a number",
		s, strings.Join(kinds, ", "), strings.Join(profiles, ", "), strings.Join(features, ", "))
}

// counts are mappings compared, by shape of the rule.
type counts [numShapes]int

func (c *counts) add(o counts) {
	for i, n := range o {
		c[i] += n
	}
}
