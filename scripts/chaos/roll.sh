#!/bin/sh
# Restart every OSD, one after the other, as for new software: each says goodbye first, and the next one waits until all
# copies are complete again.
#
#   scripts/chaos/roll.sh [zeph chaos run's flags]
set -eu
exec "${ZEPH:-zeph}" chaos run "$@" - <<'END'
name: roll
about: all OSDs are restarted in turn
cluster: {mons: 3, osds: 4, pg_num: 16}
workload: {writers: 3, readers: 2, objects: 24, think: 40ms}
steps:
  - {at: 1s, do: flag, flag: noout}
  - {after: 1s, do: stop, osd: 0, for: 500ms}
  - {after: 2s, do: wait}
  - {when: all pgs clean, do: stop, osd: 1, for: 500ms}
  - {after: 2s, do: wait}
  - {when: all pgs clean, do: stop, osd: 2, for: 500ms}
  - {after: 2s, do: wait}
  - {when: all pgs clean, do: stop, osd: 3, for: 500ms}
  - {after: 2s, do: wait}
  - {when: all pgs clean, do: wait}
seconds: 14
expect:
  - no gap over 2s
END
