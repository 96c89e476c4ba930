#!/bin/sh
# Flip bits on the disks of two OSDs, one after the other: a deep scrub finds the blocks, repair copies them from a
# member whose checksum holds, and nobody ever reads a wrong byte.
#
#   scripts/chaos/flip-bits.sh [zeph chaos run's flags]
set -eu
exec "${ZEPH:-zeph}" chaos run "$@" - <<'END'
name: flip-bits
about: blocks rot on two disks and are repaired
cluster: {mons: 1, osds: 4, pg_num: 8}
workload: {writers: 2, readers: 2, objects: 24, think: 60ms}
steps:
  - {at: 2s, do: rot, osd: 1}
  - {at: 3s, do: scrub, on: all pgs, deep: true}
  - {at: 7s, do: repair, on: all pgs}
  - {at: 10s, do: rot, osd: 2}
  - {at: 11s, do: scrub, on: all pgs, deep: true}
  - {at: 15s, do: repair, on: all pgs}
seconds: 19
expect:
  - health says OSD_TOO_MANY_REPAIRS while osd.1 up
END
