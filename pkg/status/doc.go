// Package status says what the answers to commands look like: one struct for each, as the JSON
// that travels in the bulk of a wire.CommandReply. Monitors and OSDs fill them in; the command line
// and other programs read them. It only describes.
//
//	status         Status        osd tree        OSDTree       pg ls, pg dump      PGList
//	health         Health        osd df          OSDDF         pg map              PGMap
//	df             DF            osd ls          OSDList       pg query            Query
//	pool ls, get   Pools         osd dump        ClusterMap    pg list-inconsistent Inconsistent
//	flag ls        Flags         osd new         OSDNew        pg unfound list     Unfound
//	config ls, get Config        ok-to-stop      OkToStop      crush rule ls       Rules
//	mon ls, dump   MonList       safe-to-destroy SafeToDestroy log                 LogLines
//	heartbeat matrix Heartbeats                                crush dump          as Ceph prints it
//
// Names are in snake case and end in their unit: _bytes, _seconds, _ms (milliseconds since 1970),
// _per_second. Shares and weights are decimals. Lists are never null, and have an order that does not
// change from one answer to the next. A number that nobody knows yet is absent, and Known or Waiting
// says so. Names and meanings only ever grow.
package status
