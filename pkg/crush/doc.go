// Package crush places replicas on devices by calculation alone: no table, no lookup, the
// same answer for everybody who holds the map. It is Ceph's CRUSH, mapping for mapping
// (Weil, Brandt, Miller, Maltzahn: "CRUSH: Controlled, Scalable, Decentralized Placement of
// Replicated Data", SC 2006; section numbers in this package are those of that paper).
//
// A map is a hierarchy of buckets over devices (3.1) and rules that pick from it (3.2):
//
//	            default (root)               rule spread:
//	          /        |       \               take default
//	      rack0      rack1     rack2           chooseleaf firstn 3 type rack
//	     /    \        |         |             emit
//	 host0  host1    host2     host3
//	 /  \    |       /  \      /   \
//	0    1   2      3    4    5     6        osd ids; every edge has a weight
//
// To map an input x (a placement group), each replica does this until it has a device:
//
//   - Descent (chooser.descend): from the taken bucket, draw an item; while it is not of
//     the wanted type, it is a bucket: go on in it.
//   - Draw (bucket.straw2 and the legacy kinds): every item of a bucket pulls a straw whose
//     length is a hash of x, the item and the attempt number, scaled by the item's weight.
//     The longest wins. So an item wins by its share of the weight, and a weight that
//     changes moves only what that item gains or loses (3.4).
//   - Rejection (chooser.testFirstn, testIndep, testOut): the item must not have been
//     chosen before, must have a device below it where one is wanted, and must not be out.
//     Otherwise the attempt number goes up and the descent begins anew (3.2.1).
//
// With chooseleaf the wanted type is the failure domain, and below each accepted bucket a
// second, smaller search finds one device. Since buckets are distinct, no two replicas
// share a domain; when tries run out the mapping stays short (firstn) or has holes (indep).
//
// Files: map.go, rule.go, tunables.go and alg.go are the data; validate.go what makes it
// sound; mapper.go runs a rule, choose.go is descent and rejection, straw2.go and legacy.go
// the draws, ln.go and straw_length.go their numbers; hash.go the hash; trace.go explains a
// mapping. class.go keeps the trees of device classes, edit.go changes maps. parse*.go and
// print.go are Ceph's text form, dump*.go its JSON, encode.go our CBOR.
//
// Units: weights and reweights are 16.16 fixed point (Weight). Nothing here does I/O, looks
// at a clock or holds global state. Bad maps are refused with an error that names what is
// wrong; a Mapper of a valid map never fails and always ends.
package crush
