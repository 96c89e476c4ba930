package layout

// table says which of our packages may import which. A package may import what its row
// names, and whatever that may import itself. A row names rows above it only, so there can
// be no cycle. The rows of packages that do not exist yet bind them when they come.
//
//	pure  no I/O, clock, goroutine, randomness or floating point: see impure and floats
//	core  pure, except that it may say how long something takes (time.Duration)
//	io    anything
//
// Libraries are those named below. Of the standard library, io packages may import all.
const table = `
package              kind  ours, under pkg/                                  libraries

pkg/crush            pure  -                                                 xxhash,cbor
pkg/osdmap           pure  crush                                             cbor
pkg/placement        pure  osdmap                                            -
pkg/wire             core  osdmap                                            cbor
pkg/store            core  osdmap                                            -
pkg/store/mem        core  store                                             -
pkg/store/storetest  core  store                                             -
pkg/core             core  wire,store                                        -
pkg/consensus/logtest core core                                              -
pkg/status           core  osdmap                                            -
pkg/pg               core  core,placement,status                             -
pkg/mon              core  core,placement,status                             cbor
pkg/objecter         core  core,placement                                    -
pkg/osd              core  core,pg                                           -
pkg/history          core  -                                                 porcupine
pkg/scenario         core  -                                                 yaml
pkg/sim              core  core,mon,osd,objecter,store/mem,history,scenario  -

pkg/messenger        io    wire                                              -
pkg/messenger/zmq    io    messenger                                         zmq4
pkg/messenger/inproc io    messenger                                         -
pkg/messenger/backend       io  messenger/zmq,messenger/inproc               -
pkg/messenger/messengertest/script io wire                                   -
pkg/messenger/messengertest io  messenger,messenger/messengertest/script     -
pkg/boltmeta         io    -                                                 bbolt
pkg/consensus        io    core,messenger,boltmeta                           raft,hclog,bbolt
pkg/store/disk       io    store,boltmeta                                    bbolt,xxhash
pkg/world            io    core,messenger,store                              yaml
pkg/daemon           io    world,messenger/backend                            cobra,pflag,yaml
pkg/client           io    objecter,world,status                               xxhash
pkg/lab              io    client,messenger/zmq                                      -
pkg/chaos            io    lab,history,scenario                              yaml
internal/script      io    -                                                 -
zephtest             io    world,consensus,mon,osd,client,store/mem,store/disk,messenger/inproc                    -

cmd/mon              io    mon,daemon,consensus                                  cobra,pflag
cmd/osd              io    osd,daemon,client,store/disk                            cobra,pflag
cmd/client           io    chaos,sim,messenger/backend                       cobra,pflag,yaml,progress
scripts/*            io    placement,wire                                    -
scripts/demo         io    lab                                               -
scripts/bench-failure       io  lab                                          -
scripts/soak-heartbeat      io  lab                                          -
scripts/soak-lab     io    lab                                               -
scripts/hunt         io    sim                                               -
`

// libraries are the modules of others, by the names that the table has for them.
var libraries = map[string]string{
	"bbolt":     "go.etcd.io/bbolt",
	"cbor":      "github.com/fxamacker/cbor/v2",
	"cobra":     "github.com/spf13/cobra",
	"hclog":     "github.com/hashicorp/go-hclog", // raft's own log
	"pflag":     "github.com/spf13/pflag",        // cobra's flags
	"progress":  "github.com/cheggaaa/pb/v3",
	"yaml":      "github.com/goccy/go-yaml",
	"porcupine": "github.com/anishathalye/porcupine",
	"raft":      "github.com/hashicorp/raft",
	"xxhash":    "github.com/cespare/xxhash/v2",
	"zmq4":      "github.com/go-zeromq/zmq4",
}

// impure are the standard packages, with those below them, through which something other
// than its input could reach a pure package: the world, the clock, other goroutines, chance.
var impure = []string{
	"hash/maphash", "log", "math/rand", "net", "os", "runtime", "sync", "syscall", "time", "unsafe",
}

// farOff must not be reached from a pure package, not even through a library.
var farOff = []string{"net", libraries["bbolt"], libraries["raft"], libraries["zmq4"]}

// floats are the files of pure packages that may hold floating point, and why. Everywhere
// else it would make results differ from machine to machine: a compiler may fuse a
// multiplication and an addition, which rounds once instead of twice.
var floats = map[string]string{
	"pkg/crush/dump_in_args.go": "Ceph's JSON has weight sets as floating point",
	"pkg/crush/dump_out.go":     "Ceph's JSON has weight sets as floating point",
	"pkg/crush/float32.go":      "crushtool reads weights through a float32, and so must we",
	"pkg/crush/straw_length.go": "Ceph works straw lengths out in floating point; each operation here rounds by itself",
	"pkg/crush/weight.go":       "for display only",
	"pkg/osdmap/dump_reader.go": "Ceph's JSON has weights and ratios as floating point",
	"pkg/placement/compare.go":  "places by other algorithms, for comparison only",
	"pkg/placement/score.go":    "statistics about mappings, which no mapping depends on",
}
