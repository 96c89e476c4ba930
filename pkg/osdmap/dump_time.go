package osdmap

import (
	"fmt"
	"strconv"
	"strings"
)

// moment reads a time such as 2026-11-22T06:51:15.587580+0000; "0.000000" is none. A time
// that cannot be read is no reason to refuse a map.
func (o *dumpObject) moment(key string) UnixMilli {
	s := o.text(key)
	t, ok := parseMoment(s)
	if !ok && s != "" {
		o.r.warn("%s: %q is no time", o.at(key), s)
	}
	return t
}

func parseMoment(s string) (UnixMilli, bool) {
	if s == "0.000000" {
		return 0, true
	}
	if i := strings.IndexAny(s, "+Z"); i > 0 {
		if zone := strings.Trim(s[i:], "+0:Z"); zone != "" {
			return 0, false // Ceph prints UTC
		}
		s = s[:i]
	}
	s, fraction, _ := strings.Cut(strings.Replace(s, " ", "T", 1), ".")
	var year, month, day, hour, minute, second int
	if n, err := fmt.Sscanf(s, "%4d-%2d-%2dT%2d:%2d:%2d", &year, &month, &day, &hour, &minute, &second); n != 6 || err != nil {
		return 0, false
	}
	milli, err := strconv.ParseUint((fraction + "000")[:3], 10, 16)
	if err != nil || strings.Trim(fraction, "0123456789") != "" || year < 1970 || month < 1 || month > 12 {
		return 0, false
	}
	return UnixMilli(((daysTo(year, month, day)*24+hour)*60+minute)*60+second)*1000 + UnixMilli(milli), true
}

// daysTo counts days from 1970-01-01. Years begin in March here, so that the leap day is
// the last one; from there, 153 days are five months.
func daysTo(year, month, day int) int {
	if month -= 3; month < 0 {
		month += 12
		year--
	}
	const before1970 = 719468 // days from 0000-03-01
	return year*365 + year/4 - year/100 + year/400 + (153*month+2)/5 + day - 1 - before1970
}
