package crush

// namedTunable is one tunable with the name Ceph has for it.
type namedTunable struct {
	name  string
	value *int
}

// named lists the tunables in the order Ceph prints them.
func (t *Tunables) named() []namedTunable {
	return []namedTunable{
		{"choose_local_tries", &t.LocalTries},
		{"choose_local_fallback_tries", &t.LocalFallbackTries},
		{"choose_total_tries", &t.TotalTries},
		{"chooseleaf_descend_once", &t.DescendOnce},
		{"chooseleaf_vary_r", &t.VaryR},
		{"chooseleaf_stable", &t.Stable},
		{"straw_calc_version", &t.StrawCalc},
		{"allowed_bucket_algs", &t.AllowedAlgs},
	}
}
