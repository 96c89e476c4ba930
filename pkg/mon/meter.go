package mon

import "time"

// meter counts by the second, and says how much came in one of the last seconds on average.
type meter struct {
	slots [meterSlots]uint64
	last  int64 // second of the newest slot
	since int64 // second in which something came after none had for long
}

const (
	meterSlots = 12
	meterSpan  = 5  // seconds that a rate is taken of
	etaSpan    = 10 // and that of recovery

	meterCredible = 3 // seconds
)

func (m *meter) add(now time.Duration, n uint64) {
	m.turn(now)
	if n > 0 && m.slots == [meterSlots]uint64{} {
		m.since = m.last
	}
	m.slots[m.last%meterSlots] += n
}

// turn empties the slots of seconds without news.
func (m *meter) turn(now time.Duration) {
	second := int64(now / time.Second)
	for n := 0; m.last < second && n < meterSlots; n++ {
		m.last++
		m.slots[m.last%meterSlots] = 0
	}
	m.last = max(m.last, second)
}

// credible reports whether there is enough to tell from when something will be done: in the first seconds
// recovery begins, here and there, and its rate says nothing.
func (m *meter) credible(now time.Duration) bool {
	m.turn(now)
	return m.last-m.since >= meterCredible && m.rate(now, meterCredible) > 0
}

// rate is the average of the last seconds that are over, or of those since it began.
func (m *meter) rate(now time.Duration, span int64) uint64 {
	m.turn(now)
	span = min(span, max(m.last-m.since, 1))
	sum := uint64(0)
	for s := max(m.last-span, 0); s < m.last; s++ {
		sum += m.slots[s%meterSlots]
	}
	return sum / uint64(span)
}
