package wire

import "testing"

func exampleTarget() Target {
	return Target{PG: PG{Pool: 3, Seed: 0x1f0}, Namespace: "photos", Object: "rbd_data.ab54a98ceb1f0ad2.0000000000000017"}
}

// exampleHot are the bodies of a 4 KiB write to three copies, and of a read.
func exampleHot() []hot {
	version, last := PGVersion{Epoch: 812, Seq: 90211}, PGVersion{Epoch: 812, Seq: 90210}
	steps := []Step{{Op: StepWrite, Offset: 1 << 20, Length: 4096}, {Op: StepSetXattr, Name: "user.owner", Length: 120}}
	return []hot{
		&Write{Target: exampleTarget(), Timeout: 30_000, Steps: steps, Floor: last},
		&WriteReply{Version: version},
		&Read{Target: exampleTarget(), Timeout: 30_000, Steps: []Step{{Op: StepRead, Offset: 1 << 20, Length: 4096}}},
		&ReadReply{Version: version, Size: 4 << 20, Modified: 1_700_000_000_000, Results: []Result{{Length: 4096}}},
		&SubWrite{
			Target: exampleTarget(), Interval: 800, Round: 2, To: 0x1122334455667788,
			Version: version, Previous: last, Prior: last, Asker: Asker{GID: 0x99aabbccddeeff00, Request: 77},
			Modified: 1_700_000_000_000, Steps: steps, Trim: last, Complete: last,
		},
		&SubWriteReply{
			PG: PG{Pool: 3, Seed: 0x1f0}, Interval: 800, Round: 2, To: 0x1122334455667788,
			Ack: AckApplied, Version: version, Complete: last, Used: 40 << 30, Size: 100 << 30,
		},
	}
}

// BenchmarkHot appends a body and parses it into one that was used before.
func BenchmarkHot(b *testing.B) {
	for _, body := range exampleHot() {
		b.Run(nameOf(body), func(b *testing.B) {
			buf, into := body.AppendCBOR(nil), fresh(body)
			b.SetBytes(int64(len(buf)))
			b.ReportAllocs()
			for b.Loop() {
				buf = AppendBody(buf[:0], body)
				if err := ParseBody(buf, into, true); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkLibrary is what the same would cost without code by hand.
func BenchmarkLibrary(b *testing.B) {
	for _, body := range exampleHot() {
		b.Run(nameOf(body), func(b *testing.B) {
			buf, into := body.AppendCBOR(nil), fresh(body)
			b.SetBytes(int64(len(buf)))
			b.ReportAllocs()
			for b.Loop() {
				buf = appendByLibrary(buf[:0], body)
				if err := parseByLibrary(buf, into, true); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkHeader appends a header and parses it.
func BenchmarkHeader(b *testing.B) {
	h := exampleHeader()
	var buf []byte
	b.SetBytes(HeaderSize)
	b.ReportAllocs()
	for b.Loop() {
		buf = h.Append(buf[:0])
		if _, err := ParseHeader(buf, HeaderSize+int(h.Payload)); err != nil {
			b.Fatal(err)
		}
	}
}

// All names of a body together cost one allocation, the rest none.
func TestHotAllocatesOnce(t *testing.T) {
	for _, body := range exampleHot() {
		buf, into := body.AppendCBOR(nil), fresh(body)
		allocs := testing.AllocsPerRun(100, func() {
			buf = AppendBody(buf[:0], body)
			if err := ParseBody(buf, into, true); err != nil {
				t.Fatal(err)
			}
		})
		if allocs > 1 {
			t.Errorf("%s: %v allocations", nameOf(body), allocs)
		}
	}
}
