#!/bin/sh
# Cut an OSD off from all daemons, in silence, while clients still reach it: one of them has an old map, and must not be
# told old values. Then the same with connections refused. Needs root and iptables.
#
#   scripts/chaos/cut-osd.sh [zeph chaos run's flags; with --target netns a client is cut off with it]
set -eu
exec "${ZEPH:-zeph}" chaos run "$@" - <<'END'
name: cut-osd
about: a primary is cut off from all but the clients; first nobody answers, later connections are refused
cluster: {mons: 3, osds: 4, pg_num: 8}
workload: {writers: 3, readers: 4, objects: 16, think: 30ms}
steps:
  - {at: 3s, do: cut, on: primary of pg 1.0, for: 6s}
  - {at: 12s, do: refuse, on: primary of pg 1.1, for: 6s}
seconds: 20
expect:
  - healthy within 20s
END
