// Package lab runs a Zeph cluster as processes on this machine, all its data below one folder.
//
//	DIR/zeph.yaml   the cluster file: fsid and addresses of the monitors
//	DIR/lab.json    what was started: names, pids, addresses, folders (see Daemon)
//	DIR/lab.lock    held while somebody changes any of that
//	DIR/mon.a/      data of a monitor; below it log (its stderr) and stdout
//	DIR/osd.0/      the same of an OSD
//
// No port is guessed: the lab binds each listening socket to port 0 and passes it on to the
// daemon as an open descriptor. A monitor that is started again gets its old ports, for its
// addresses are in the cluster file; an OSD announces its new ones.
//
// Daemons run in sessions of their own and outlive whoever started them. A process is known by
// its pid and the moment it began, so that one which got the pid of another is never signalled.
//
// Daemons share the machine's network; or each has a network namespace and an address (network.go), and cuts are made
// in the router between them.
//
// A Lab is only a folder's name: each call reads lab.json, works under the lock, and writes it
// back, so several programs may use one lab.
package lab
