package main

import (
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"
	"text/tabwriter"

	"zeph/pkg/osdmap"
	"zeph/pkg/wire"
)

// example is a client's hello and an OSD's welcome, byte by byte.
func example(src *source) string {
	fsid := osdmap.UUID{0x5e, 0xf1, 0xd0, 0, 0, 0, 0x40, 0, 0x80, 0, 0, 0, 0, 0, 0, 1}
	session := wire.SessionID{0xa0, 0xa1, 0xa2, 0xa3, 0xa4, 0xa5, 0xa6, 0xa7, 0xa8, 0xa9, 0xaa, 0xab, 0xac, 0xad, 0xae, 0xaf}
	hello := wire.Header{Type: wire.TypeHello, Counter: 1, Request: 1, Clock: 1_767_225_600_000, GID: 0x0123456789abcdef}
	hello.Kind, hello.Entity = entity("client.admin")
	welcome := wire.Header{
		Type: wire.TypeHello, Flags: wire.Reply, Session: session, Counter: 1, Request: 1,
		Clock: 1_767_225_600_001, GID: 0xfedcba9876543210, Epoch: 12,
	}
	welcome.Kind, welcome.Entity = entity("osd.3")
	return dump(src, "The hello of client.admin, on its way to osd.3", hello, &wire.Hello{
		Class: wire.Data, FSID: fsid, Max: wire.MaxDataFrame, Window: 32 << 20, To: "osd.3", Software: "example 1.0",
	}) + "\n" + dump(src, "The welcome of osd.3", welcome, &wire.Welcome{
		Session: session, FSID: fsid, Max: wire.MaxDataFrame, Window: 32 << 20, Replies: 64 << 20, Software: "zeph-osd",
	})
}

func entity(name string) (wire.Kind, wire.Entity) {
	e, err := wire.ParseEntity(name)
	if err != nil {
		panic(err)
	}
	return e.Kind(), e
}

func dump(src *source, title string, h wire.Header, body any) string {
	enc := wire.AppendBody(nil, body)
	h.Body, h.Payload = uint32(len(enc)), uint32(len(enc))
	b := h.Append(nil)
	var text strings.Builder
	fmt.Fprintf(&text, "%s, %d bytes in all:\n\n```\n", title, len(b)+len(enc))
	w := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	for _, row := range headerFields(src) {
		offset, _ := strconv.Atoi(row[0])
		size, _ := strconv.Atoi(row[1])
		bytes := b[offset : offset+size]
		fmt.Fprintf(w, "%3d\t%s\t%s\n", offset, hexOf(bytes), strings.TrimSpace(row[2]+" "+value(row[2], bytes)))
	}
	fmt.Fprintf(w, "%3d\t%x\tbody: a map of %d\n", len(b), enc[:1], enc[0]&31)
	for at := 1; at < len(enc); {
		value := at + 1 // keys are one byte
		end := value + itemSize(enc[value:])
		fmt.Fprintf(w, "%3d\t%02x %s\t%d: %s\n", len(b)+at, enc[at], hexOf(enc[value:end]), enc[at], item(enc[value:end]))
		at = end
	}
	w.Flush()
	return text.String() + "```\n"
}

// hexOf shortens trailing zeros.
func hexOf(b []byte) string {
	end := len(strings.TrimRight(string(b), "\x00"))
	if rest := len(b) - end; rest > 8 && end > 0 {
		return fmt.Sprintf("%x, then %d × 00", b[:end], rest)
	} else if rest > 8 {
		return fmt.Sprintf("%d × 00", rest)
	}
	return fmt.Sprintf("%x", b)
}

// value is what the bytes of a header's field stand for; nothing where the bytes say it.
func value(field string, b []byte) string {
	switch field {
	case "magic", "entity":
		return strconv.Quote(strings.TrimRight(string(b), "\x00"))
	case "gid":
		return wire.GID(binary.LittleEndian.Uint64(b)).String()
	case "session", "caps":
		return ""
	}
	var padded [8]byte
	copy(padded[:], b)
	return fmt.Sprint(binary.LittleEndian.Uint64(padded[:]))
}

// head reads the argument of a CBOR item, and says how long its head is.
func head(b []byte) (arg uint64, size int) {
	switch info := b[0] & 31; info {
	case 24:
		return uint64(b[1]), 2
	case 25:
		return uint64(binary.BigEndian.Uint16(b[1:])), 3
	case 26:
		return uint64(binary.BigEndian.Uint32(b[1:])), 5
	case 27:
		return binary.BigEndian.Uint64(b[1:]), 9
	default:
		return uint64(info), 1
	}
}

// itemSize is how long a number or string is in CBOR.
func itemSize(b []byte) int {
	arg, size := head(b)
	if major := b[0] >> 5; major == 2 || major == 3 {
		size += int(arg)
	}
	return size
}

// item is a number or string as CBOR's diagnostic notation has it.
func item(b []byte) string {
	arg, size := head(b)
	switch b[0] >> 5 {
	case 2:
		return fmt.Sprintf("h'%x'", b[size:])
	case 3:
		return strconv.Quote(string(b[size:]))
	}
	return fmt.Sprint(arg)
}
