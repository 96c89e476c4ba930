// Package crush places replicas on devices by calculation alone: no table, no lookup, the
// same answer for everybody who holds the map. It is Ceph's CRUSH, mapping for mapping.
package crush
