package messenger

// A batch is a run of frames, encoded and ready to be written at once. Small things are copied
// into chunks one after the other; large bulk data stays where it lies.
type batch struct {
	bytes  int      // of the messages in it, as the queue counts them
	count  int      // messages in it
	own    int      // bytes of the messenger's own frames, which the queue does not count
	parts  [][]byte // what to write
	next   int      // the first part that is not fully written
	chunks []*slab  // memory of the copied parts
	frees  []due    // for bulk that was not copied
	freed  int      // of these
	start  int      // where in the last chunk the last part begins
	used   int      // bytes of the last chunk that are in use
	joined bool     // the last part is the end of the last chunk, and may grow with it
}

// due is what to call when a part has been written.
type due struct {
	part int
	free func()
}

// chunkSize is how much is copied before another piece of memory is begun. It is less than a
// slab, whose header room would otherwise be wasted.
const chunkSize = 64 * kib

// room gives n bytes of capacity at the end of the last chunk, or of a new one.
func (b *batch) room(n int) []byte {
	if len(b.chunks) == 0 || b.used+n > len(b.last().b) {
		b.chunks = append(b.chunks, getSlab(max(n, b.nextChunk())))
		b.used, b.joined = 0, false
	}
	return b.last().b[b.used:b.used]
}

func (b *batch) last() *slab { return b.chunks[len(b.chunks)-1] }

// nextChunk begins small: most batches hold a message or two.
func (b *batch) nextChunk() int {
	if len(b.chunks) == 0 {
		return 4 * kib
	}
	return chunkSize
}

// extend takes what was appended to room as the next bytes to write.
func (b *batch) extend(p []byte) {
	if !b.joined {
		b.parts = append(b.parts, nil)
		b.start, b.joined = b.used, true
	}
	b.used += len(p)
	b.parts[len(b.parts)-1] = b.last().b[b.start:b.used]
}

// refer takes bytes from where they lie.
func (b *batch) refer(p []byte, free func()) {
	b.parts = append(b.parts, p)
	b.joined = false
	if free != nil {
		b.frees = append(b.frees, due{len(b.parts) - 1, free})
	}
}

// rest is what is left to write.
func (b *batch) rest() [][]byte { return b.parts[b.next:] }

// advance notes that n more bytes were written, and calls what is due.
func (b *batch) advance(n int) {
	for n > 0 {
		p := b.parts[b.next]
		if n < len(p) {
			b.parts[b.next] = p[n:]
			break
		}
		n -= len(p)
		b.parts[b.next] = nil
		b.next++
	}
	for b.freed < len(b.frees) && b.frees[b.freed].part < b.next {
		b.freed++
		b.frees[b.freed-1].free()
	}
}

// settle is how many bytes of the queue's count n written ones are: frames have headers too.
func (b *batch) settle(n int) int {
	n = min(n, b.bytes)
	if b.empty() {
		n = b.bytes
	}
	b.bytes -= n
	return n
}

func (b *batch) empty() bool { return b.next == len(b.parts) }

// train reports whether there is enough in the batch to send it on its way, though more is to
// come: the peer had better begin. Otherwise the two ends would work in turns, not together.
func (b *batch) train() bool { return b.bytes >= trainBytes || b.count >= trainCount }

const (
	trainBytes = 32 * kib
	trainCount = 32
)

// release gives back all memory and leaves an empty batch.
func (b *batch) release(poison bool) {
	for i, c := range b.chunks {
		c.put(poison)
		b.chunks[i] = nil
	}
	for _, d := range b.frees[b.freed:] {
		d.free()
	}
	clear(b.parts)
	clear(b.frees)
	*b = batch{parts: b.parts[:0], chunks: b.chunks[:0], frees: b.frees[:0]}
}

// queue is a first-in-first-out of messages that wait.
type queue struct {
	items []waiting
	head  int
}

func (q *queue) empty() bool     { return q.head == len(q.items) }
func (q *queue) front() *waiting { return &q.items[q.head] }

func (q *queue) push(w waiting) {
	if q.head > 0 && q.head == len(q.items) {
		q.items, q.head = q.items[:0], 0
	}
	q.items = append(q.items, w)
}

func (q *queue) pop() waiting {
	w := q.items[q.head]
	q.items[q.head] = waiting{}
	q.head++
	if q.head > 64 && q.head*2 > len(q.items) {
		n := copy(q.items, q.items[q.head:])
		clear(q.items[n:])
		q.items, q.head = q.items[:n], 0
	}
	return w
}
