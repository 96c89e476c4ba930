#!/bin/sh
# Placement at work on the example cluster: 3 racks, 9 hosts, 36 OSDs, 3 pools.
# "make demo-placement" builds bin/zeph and runs this. Every command it shows can be typed again.
set -eu
cd "$(dirname "$0")/.."

crush=docs/examples/cluster.crush.txt
osdmap=docs/examples/cluster.osdmap.json

# tell prints a paragraph of the story.
tell() { printf '\n%s\n\n' "$*"; }

# show runs a command of zeph and prints it first, as one would type it.
show() {
	printf '$ bin/zeph'
	for word; do
		case $word in
		*' '*) printf " '%s'" "$word" ;;
		*) printf ' %s' "$word" ;;
		esac
	done
	printf '\n'
	"${ZEPH:-bin/zeph}" "$@"
}

tell "1. A cluster is a hierarchy of weighted buckets over OSDs. This one has three racks of
three hosts, and the third host of each rack has disks of twice the size."
show crush tree -i "$crush"

tell "2. A rule says how to pick from it: rule 0 wants each of 3 copies in another rack. Of ten
thousand inputs, how many get their 3 OSDs?"
show crush test -i "$crush" --rule 0 --num-rep 3 --min-x 0 --max-x 9999 --show-statistics

tell "3. So where is an object? Everybody who holds the map works it out alone, and nobody is
asked. In every bucket on the way down each item draws a straw. Here the third copy first
draws a rack that is taken, and tries again."
show crush why data/photo.jpg --osdmap "$osdmap" --crush "$crush"

tell "4. An erasure-coded pool has six positions, each for another piece of the object."
show place object photo.jpg --pool archive --osdmap "$osdmap" --crush "$crush"

tell "5. What would move if osd.10 were put out? Little more than what is on it."
show whatif 'osd out 10' --osdmap "$osdmap" --crush "$crush"

tell "6. Other ways of placing data, on the same devices. Only CRUSH knows racks."
show place compare -i "$crush"

tell "Next: docs/tour-placement.md follows photo.jpg through the code. bin/zeph --help lists the commands."
