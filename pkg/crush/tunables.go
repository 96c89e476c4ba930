package crush

// Tunables decide how hard the mapper looks for an item and how it moves on after a failure.
// They changed over the years to make less data move; a map keeps the ones it was made with.
// See "Tunables" in Ceph's CRUSH documentation.
type Tunables struct {
	LocalTries         int // retries within a bucket after a collision; 0 since bobtail
	LocalFallbackTries int // retries within a bucket by permutation; 0 since bobtail
	TotalTries         int // retries of a whole descent; one more attempt than this is made
	DescendOnce        int // chooseleaf: a leaf that fails makes the whole descent start anew
	VaryR              int // chooseleaf: the inner draw depends on the outer attempt
	Stable             int // chooseleaf: the inner draw does not depend on the position
	StrawCalc          int // version of the straw lengths, see strawLengths
	AllowedAlgs        int // bit set of Alg that new buckets may use; a note for operators
}

// A profile is a named set of tunables.
var profiles = []struct {
	name     string
	tunables Tunables
}{
	{"argonaut", Tunables{2, 5, 19, 0, 0, 0, 0, 22}}, // also "legacy"
	{"bobtail", Tunables{0, 0, 50, 1, 0, 0, 0, 22}},
	{"firefly", Tunables{0, 0, 50, 1, 1, 0, 0, 22}},
	{"hammer", Tunables{0, 0, 50, 1, 1, 0, 1, 54}},
	{"jewel", Tunables{0, 0, 50, 1, 1, 1, 1, 54}}, // also "optimal" and "default"
}

// LegacyTunables are what a text map means when it sets none.
func LegacyTunables() Tunables { return profiles[0].tunables }

// DefaultTunables are those of new maps: Ceph's jewel profile.
func DefaultTunables() Tunables { return profiles[len(profiles)-1].tunables }

// TunablesProfile finds a set of tunables by the name of the release that brought it.
func TunablesProfile(name string) (Tunables, bool) {
	switch name {
	case "legacy":
		return LegacyTunables(), true
	case "optimal", "default":
		return DefaultTunables(), true
	}
	for _, p := range profiles {
		if p.name == name {
			return p.tunables, true
		}
	}
	return Tunables{}, false
}

// Profile names the profile that the tunables equal, allowed algorithms aside, or "custom".
func (t Tunables) Profile() string {
	t.AllowedAlgs = 0
	for _, p := range profiles {
		p.tunables.AllowedAlgs = 0
		if p.tunables == t {
			return p.name
		}
	}
	return "custom"
}
