package main

import (
	"fmt"
	"strconv"
	"time"
)

// load is what one measurement asks of a variant.
type load struct {
	oneWay bool          // messages without answers, rather than calls
	size   int           // bytes of payload in a message or request
	window int           // calls in flight; 1 for one way
	empty  bool          // an empty body instead of a write's; zeph alone has this
	warm   time.Duration // not measured
	cell   time.Duration // measured
}

// maxBytes bounds what a window of requests holds: 16 messages of 4 MiB.
const maxBytes = 64 << 20

// capped is the load with no more in flight than the bound allows.
func (l load) capped() load {
	if l.size > 0 {
		l.window = max(1, min(l.window, maxBytes/l.size))
	}
	return l
}

// kind is the name of what is measured.
func (l load) kind() string {
	if l.oneWay {
		return "oneway"
	}
	return "call"
}

// args are the load as arguments of a child process. The C program reads them too.
func (l load) args() []string {
	return []string{
		l.kind(), strconv.Itoa(l.size), strconv.Itoa(l.window),
		strconv.FormatInt(l.warm.Milliseconds(), 10), strconv.FormatInt(l.cell.Milliseconds(), 10),
	}
}

// parseLoad reads what args wrote.
func parseLoad(args []string) (load, error) {
	if len(args) != 5 || args[0] != "call" && args[0] != "oneway" {
		return load{}, fmt.Errorf("load %q: expected call or oneway, size, window, warm and cell in ms", args)
	}
	var n [4]int
	for i, arg := range args[1:] {
		var err error
		if n[i], err = strconv.Atoi(arg); err != nil || n[i] < 0 {
			return load{}, fmt.Errorf("load %q: %q is no size or time", args, arg)
		}
	}
	const ms = time.Millisecond
	return load{oneWay: args[0] == "oneway", size: n[0], window: n[1], warm: time.Duration(n[2]) * ms, cell: time.Duration(n[3]) * ms}, nil
}

// String is how tables name the load.
func (l load) String() string {
	if l.oneWay {
		return sizeName(l.size) + " one way"
	}
	return fmt.Sprintf("%s, %d in flight", sizeName(l.size), l.window)
}

// sizeName is a number of bytes in the largest unit that divides it.
func sizeName(n int) string {
	switch {
	case n >= 1<<20 && n%(1<<20) == 0:
		return strconv.Itoa(n>>20) + " MiB"
	case n >= 1<<10 && n%(1<<10) == 0:
		return strconv.Itoa(n>>10) + " KiB"
	}
	return strconv.Itoa(n) + " B"
}
