// Package daemon is what the programs zeph-mon and zeph-osd have in common: how their processes begin
// and end.
//
//	zeph-osd run --id 3 --data /var/lib/zeph/osd.3 --cluster zeph.yaml
//
// A setting comes from the command line, else from the environment (--crush-location is
// ZEPH_CRUSH_LOCATION), else from the file that --config names (YAML, the flags' names as keys), else it
// has its default. Everything that is wrong is named at once.
//
// The log goes to stderr, as text or JSON lines. When the daemon serves it says so on stdout, in one
// line: "ready osd.3". Below the data folder are written
//
//	pid         of the process
//	addrs.json  where it listens: {"public.control": "tcp://127.0.0.1:41007", …}
//
// SIGTERM and SIGINT ask it to say goodbye, which takes 5 s at most; a second one ends it at once. The
// exit code is 0 when it ended because it was asked to, 1 when it failed, 2 when the command line made no
// sense.
package daemon
