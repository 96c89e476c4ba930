package crush

import "slices"

// dumpTunables are the tunables and what Ceph concludes from them and from the map.
type dumpTunables struct {
	LocalTries         int `json:"choose_local_tries"`
	LocalFallbackTries int `json:"choose_local_fallback_tries"`
	TotalTries         int `json:"choose_total_tries"`
	DescendOnce        int `json:"chooseleaf_descend_once"`
	VaryR              int `json:"chooseleaf_vary_r"`
	Stable             int `json:"chooseleaf_stable"`
	StrawCalc          int `json:"straw_calc_version"`
	AllowedAlgs        int `json:"allowed_bucket_algs"`

	Profile          string `json:"profile"`
	Optimal          bit    `json:"optimal_tunables"`
	Legacy           bit    `json:"legacy_tunables"`
	MinimumVersion   string `json:"minimum_required_version"`
	FeatureTunables  bit    `json:"require_feature_tunables"`
	FeatureTunables2 bit    `json:"require_feature_tunables2"`
	HasV2Rules       bit    `json:"has_v2_rules"`
	FeatureTunables3 bit    `json:"require_feature_tunables3"`
	HasV3Rules       bit    `json:"has_v3_rules"`
	HasV4Buckets     bit    `json:"has_v4_buckets"`
	FeatureTunables5 bit    `json:"require_feature_tunables5"`
	HasV5Rules       bit    `json:"has_v5_rules"`
}

// bit is a truth that Ceph prints as 0 or 1.
type bit bool

func (b bit) MarshalJSON() ([]byte, error) {
	if b {
		return []byte("1"), nil
	}
	return []byte("0"), nil
}

func (m *Map) dumpTunables() dumpTunables {
	t, legacy := m.Tunables, LegacyTunables()
	d := dumpTunables{
		LocalTries:         t.LocalTries,
		LocalFallbackTries: t.LocalFallbackTries,
		TotalTries:         t.TotalTries,
		DescendOnce:        t.DescendOnce,
		VaryR:              t.VaryR,
		Stable:             t.Stable,
		StrawCalc:          t.StrawCalc,
		AllowedAlgs:        t.AllowedAlgs,
		Profile:            t.cephProfile(),
		FeatureTunables: bit(t.LocalTries != legacy.LocalTries ||
			t.LocalFallbackTries != legacy.LocalFallbackTries || t.TotalTries != legacy.TotalTries),
		FeatureTunables2: t.DescendOnce != 0,
		FeatureTunables3: t.VaryR != 0,
		FeatureTunables5: t.Stable != 0,
		HasV2Rules:       bit(m.hasStep(OpChooseIndep, OpChooseleafIndep, OpSetChooseTries, OpSetChooseleafTries)),
		HasV3Rules:       bit(m.hasStep(OpSetVaryR)),
		HasV4Buckets:     bit(slices.ContainsFunc(m.Buckets, func(b Bucket) bool { return b.Alg == Straw2 })),
		HasV5Rules:       bit(m.hasStep(OpSetStable)),
	}
	d.Optimal = d.Profile == "jewel"
	d.Legacy = d.Profile == "argonaut"
	d.MinimumVersion = d.minimumVersion()
	return d
}

// cephProfile is the profile as Ceph judges it: by the allowed algorithms too, but not by
// the version of the straw lengths.
func (t Tunables) cephProfile() string {
	for _, p := range slices.Backward(profiles) {
		t.StrawCalc = p.tunables.StrawCalc
		if t == p.tunables {
			return p.name
		}
	}
	return "unknown"
}

func (m *Map) hasStep(ops ...Op) bool {
	return slices.ContainsFunc(m.Rules, func(r Rule) bool {
		return slices.ContainsFunc(r.Steps, func(s Step) bool { return slices.Contains(ops, s.Op) })
	})
}

// minimumVersion is the first release whose clients understand the map.
func (d dumpTunables) minimumVersion() string {
	switch {
	case bool(d.HasV5Rules || d.FeatureTunables5):
		return "jewel"
	case bool(d.HasV4Buckets):
		return "hammer"
	case bool(d.FeatureTunables3):
		return "firefly"
	case bool(d.FeatureTunables2 || d.FeatureTunables):
		return "bobtail"
	}
	return "argonaut"
}
