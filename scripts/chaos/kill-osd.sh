#!/bin/sh
# Kill an OSD (SIGKILL) while clients write: nothing acknowledged is lost, and others serve within 1.5 s or so.
#
#   scripts/chaos/kill-osd.sh [zeph chaos run's flags, such as --seed 7 or --target netns]
set -eu
exec "${ZEPH:-zeph}" chaos run "$@" - <<'END'
name: kill-osd
about: an OSD dies, and comes back after five seconds
cluster: {mons: 3, osds: 4, pg_num: 16}
workload: {writers: 3, readers: 2, objects: 24, think: 40ms}
steps:
  - {at: 3s, do: kill, on: primary of pg 1.0, for: 5s}
  - {when: all pgs active, within: 5s, do: wait}
seconds: 12
expect:
  - healthy within 20s
END
