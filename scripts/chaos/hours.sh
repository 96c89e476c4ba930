#!/bin/sh
# Run all scenarios that a target can do, seed after seed, for hours; then print a table of all runs.
#
#   scripts/chaos/hours.sh HOURS [TARGET [FOLDER]]      HOURS may be such as 0.1
#
# Runs that pass keep their folders, too. The exit code is 1 if one failed for another reason than that something expected,
# mostly a time, was not so: for those the machine must be quiet.
set -eu
hours=$1
target=${2:-lab}
folder=${3:-chaos-$(date +%Y%m%d-%H%M%S)}
zeph=${ZEPH:-zeph}
here=$(dirname "$0")
end=$(($(date +%s) + $(echo "$hours" | awk '{print int($1 * 3600)}')))
mkdir -p "$folder"

# Ctrl-C ends the run that is on, which takes everything back; then the table comes.
trap 'end=0' INT TERM

names=$("$zeph" chaos ls --target "$target" -o json | awk -F '"' '
	$2 == "name" { name = $4; order[++n] = name }
	$2 == "lacks" { lacks[name] = 1 }
	END { for (i = 1; i <= n; i++) if (!(order[i] in lacks)) print order[i] }')
seed=0
while [ "$(date +%s)" -lt "$end" ]; do
	seed=$((seed + 1))
	for what in $names "$here"/*-osd.sh "$here"/flip-bits.sh "$here"/roll.sh; do
		[ "$(date +%s)" -lt "$end" ] || break
		name=$(basename "$what" .sh)
		run=$folder/$name-$seed
		case $what in
		*.sh) set -- sh "$what" ;;
		*) set -- "$zeph" chaos run "$what" ;;
		esac
		code=0
		ZEPH=$zeph "$@" --target "$target" --seed "$seed" --dir "$run" >"$run.txt" 2>&1 || code=$?
		echo "$(date +%H:%M:%S)  $name, seed $seed: exit code $code"
		[ $code = 0 ] || grep -E '^(✗|–|zeph:)' "$run.txt" | cut -c1-200 || true
	done
done
"$zeph" chaos clean >/dev/null
set --
for report in "$folder"/*/report.json; do
	[ -e "$report" ] && set -- "$@" "$(dirname "$report")"
done
[ $# -gt 0 ] || exit 1
"$zeph" chaos table "$@" | tee "$folder/table.txt"
awk 'NR > 1 && $4 > 0 { bad = 1 } END { exit bad }' "$folder/table.txt"
