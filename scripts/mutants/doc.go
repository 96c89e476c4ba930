// mutants leaves rules of the protocol out, one at a time, and sees whether the script about each notices, and the simulator.
//
// A mutant is a file testdata/mutants/NAME.txt of the package that it breaks:
//
//	hazard H1
//	script TestScripts/h01_stale_primary
//	The primary serves, whether it holds a lease or not.
//
//	=== lease.go
//	 func (pg *PG) leaseHeld() bool {
//	-	return pg.now.Mono < pg.pri.leases.until
//	+	return true
//
// The lines of an edit that begin with a space or a minus are in the file, exactly once; those that begin with a space or a plus
// are what it says instead. A file may have several edits, each of which begins with ===. "script - because" is for a
// mutant that no script notices, since it does no harm: it is not run.
//
// "sim leases 12 1.5s not linearizable (I1, I5)" says that the simulator shows it, too: in which scenario of pkg/sim/testdata/mutants, at
// which seed first, how long that took from seed 1 on, and who complained.
//
// Nothing of this is in the code that is shipped. The edited files are laid over the others by go test -overlay and go
// build -overlay; the script has to fail then, and a judge to complain.
//
//	go run ./scripts/mutants [-run REGEXP] [-jobs N]     all of them, and a table; -write: docs/simulation.md, and the lines sim
//	go test ./scripts/mutants                            that they still fit; and five of them, others each day
//	go test ./scripts/mutants -update                    writes them into docs/hazards.md and docs/simulation.md
package main
