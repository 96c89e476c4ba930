#!/bin/sh
# Have an OSD stand still (SIGSTOP): its sockets stay open and answer nobody. The others find out by its silence, and when
# it goes on it must not tell anybody what was true before.
#
#   scripts/chaos/pause-osd.sh [zeph chaos run's flags]
set -eu
exec "${ZEPH:-zeph}" chaos run "$@" - <<'END'
name: pause-osd
about: a primary stands still for six seconds, and goes on as if nothing had been
cluster: {mons: 3, osds: 4, pg_num: 16}
workload: {writers: 3, readers: 3, objects: 24, think: 40ms}
steps:
  - {at: 3s, do: pause, on: primary of pg 1.0, for: 6s}
  - {when: all pgs active, within: 6s, do: wait}
seconds: 14
expect:
  - healthy within 20s
END
