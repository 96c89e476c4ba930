#!/bin/sh
# Fill an OSD's disk: at 96 % writes are refused, reads go on, and when there is room again all goes on by itself.
#
#   scripts/chaos/fill-osd.sh [zeph chaos run's flags]
set -eu
exec "${ZEPH:-zeph}" chaos run "$@" - <<'END'
name: fill-osd
about: a disk is full for six seconds
cluster: {mons: 3, osds: 4, pg_num: 8}
workload: {writers: 2, readers: 3, objects: 40, think: 20ms}
steps:
  - {at: 4s, do: fill, osd: 1, to: 96 %, for: 8s}
seconds: 18
expect:
  - health says OSD_FULL while osd.1 up
  - healthy within 30s
END
