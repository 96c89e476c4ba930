// Package placement says where objects are: from the name to the OSDs that hold it, why
// there, and what would move if the cluster changed. It is pure calculation on an
// osdmap.Map; everybody who holds the same map gets the same answer, and so does Ceph.
//
//	name, key, namespace ──hash──▶ 32 bits ──stableMod──▶ PG                 object.go
//	PG ──Seed──▶ 32 bits ──CRUSH──▶ raw ──upmap──▶ up ──pg_temp──▶ acting     pg.go
//	all PGs of an epoch, and of the next one without doing all again         table.go, next.go
//
// raw is what CRUSH chose; up is who should hold the PG, of raw and after upmaps, only those
// that are up, the primary chosen by primary affinity; acting is who serves it now.
//
// The rest looks at such mappings: why.go retells one draw by draw, plan.go imagines
// changes, moves.go tells what they would move, domains.go whether a rule still holds, and
// compare.go sets CRUSH beside other ways of placing data.
package placement
