package zmq

import (
	"encoding/binary"
	"slices"
	"strings"
)

// What peers say, put together from its parts: greeting, command, property, frame.

// greeting is what libzmq 4.3 sends.
func greeting() []byte {
	g := make([]byte, 64)
	g[0], g[8], g[9] = 0xFF, 1, 0x7F
	g[10], g[11] = 3, 1
	copy(g[12:], "NULL")
	return g
}

// greetingWith is a greeting with bytes changed, beginning at an offset.
func greetingWith(offset int, bytes ...byte) []byte {
	g := greeting()
	copy(g[offset:], bytes)
	return g
}

func property(key string, value string) []byte {
	p := append([]byte{byte(len(key))}, key...)
	p = binary.BigEndian.AppendUint32(p, uint32(len(value)))
	return append(p, value...)
}

func command(name string, body ...[]byte) []byte {
	c := append([]byte{byte(len(name))}, name...)
	return append(c, slices.Concat(body...)...)
}

// short and long are the two forms of a frame.
func short(flags byte, body []byte) []byte {
	return append([]byte{flags, byte(len(body))}, body...)
}

func long(flags byte, body []byte) []byte {
	return append(binary.BigEndian.AppendUint64([]byte{flags | 2}, uint64(len(body))), body...)
}

// ready is a READY in the form that its length asks for.
func ready(properties ...[]byte) []byte {
	body := command("READY", properties...)
	if len(body) > 255 {
		return long(4, body)
	}
	return short(4, body)
}

// dealer is the one property that a peer must have, in most of these tests.
var dealer = property("Socket-Type", "DEALER")

// goodReadys are welcome to a ROUTER.
var goodReadys = map[string][]byte{
	"least":            ready(dealer),
	"libzmq":           ready(dealer, property("Identity", "")),
	"zmq4":             ready(property("Identity", "d9c5b0a5-6f4c-4d3c-8a53-0c1f6a9b2a3e"), dealer),
	"long form":        long(4, command("READY", dealer)),
	"more properties":  ready(property("X-Rack", "r1"), dealer, property("x-host", "a\x00\xff")),
	"lower case":       ready(property("socket-type", "DEALER")),
	"upper case":       ready(property("SOCKET-TYPE", "DEALER")),
	"longest identity": ready(dealer, property("Identity", strings.Repeat("\x00", 255))),
	"longest name":     ready(dealer, property(strings.Repeat("k", 255), "")),
	"largest":          ready(dealer, property("X", strings.Repeat("v", maxReady-6-len(dealer)-6))),
}

// badReadys are not, and this is what a person is told.
var badReadys = map[string]struct {
	said []byte
	want string
}{
	"a message":                 {short(0, []byte("hello")), "flags 0x00 instead of a READY"},
	"an empty message":          {short(0, nil), "flags 0x00"},
	"a part of a message":       {short(1, []byte("READY")), "flags 0x01"},
	"a long message":            {long(0, []byte("hello")), "flags 0x02"},
	"a command in parts":        {short(5, command("READY", dealer)), "flags 0x05"},
	"unknown flags":             {short(0x0C, command("READY", dealer)), "flags 0x0c"},
	"all flags":                 {short(0xFF, command("READY", dealer)), "flags 0xff"},
	"2^63-1 bytes":              {[]byte{6, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF}, "a command of 9223372036854775807 bytes"},
	"2^64-1 bytes":              {[]byte{6, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF}, "a command of 18446744073709551615 bytes"},
	"2^62 bytes":                {[]byte{6, 0x40, 0, 0, 0, 0, 0, 0, 0}, "a command of 4611686018427387904 bytes"},
	"2^31 bytes":                {[]byte{6, 0, 0, 0, 0, 0x80, 0, 0, 0}, "a command of 2147483648 bytes"},
	"a message of 2^62 bytes":   {[]byte{2, 0x40, 0, 0, 0, 0, 0, 0, 0}, "flags 0x02"},
	"the longest name and more": {long(4, command(strings.Repeat("N", 255), dealer)), `command "NNNN`},
	"a byte too long":           {ready(dealer, property("X", strings.Repeat("v", maxReady-6-len(dealer)-5))), "a command of 4097 bytes"},
	"an empty command":          {short(4, nil), "without a name (0 bytes)"},
	"a nameless command":        {short(4, []byte{0}), "without a name (1 bytes)"},
	"a name past the end":       {short(4, []byte("\x06READY")), "without a name (6 bytes)"},
	"another command":           {short(4, command("PING", []byte{0, 10}, []byte("ctx"))), `command "PING" instead of READY`},
	"the longest name":          {long(4, command(strings.Repeat("N", 255))), `command "NNNN`},
	"a subscription":            {short(4, command("SUBSCRIBE")), `command "SUBSCRIBE"`},
	"another mechanism's":       {short(4, command("HELLO", []byte("\x01a\x01b"))), `command "HELLO"`},
	"lower case":                {short(4, command("ready", dealer)), `command "ready"`},
	"an error":                  {short(4, command("ERROR", []byte("\x09no entry!"))), `the peer refuses us: "no entry!"`},
	"an error without length":   {short(4, command("ERROR", []byte("no entry!"))), `refuses us: "no entry!"`},
	"an error without reason":   {short(4, command("ERROR")), `refuses us: ""`},

	"no properties":                    {ready(), "no socket type"},
	"only an identity":                 {ready(property("Identity", "x")), "no socket type"},
	"a property of one byte":           {ready(dealer, []byte{1}), "past the end"},
	"three odd bytes":                  {ready([]byte{2, 'a', 'b'}), "past the end"},
	"three odd bytes at the end":       {ready(dealer, []byte{2, 'a', 'b'}), "past the end"},
	"a name past the end of READY":     {ready(dealer, []byte{255, 'a', 0, 0, 0, 0}), "past the end"},
	"half a length":                    {ready(dealer, []byte{1, 'a', 0, 0, 0}), "past the end"},
	"a value past the end":             {ready(dealer, []byte{1, 'a', 0, 0, 0, 1}), "past the end"},
	"a value of 2^31 bytes":            {ready(dealer, []byte{1, 'a', 0x80, 0, 0, 0, 'v'}), "past the end"},
	"a value of 2^32-1 bytes":          {ready(dealer, []byte{1, 'a', 0xFF, 0xFF, 0xFF, 0xFF, 'v'}), "past the end"},
	"zeros":                            {ready(dealer, make([]byte, 100)), `cannot be called ""`},
	"a nameless property":              {ready(dealer, property("", "v")), `cannot be called ""`},
	"a name with a space":              {ready(dealer, property("a b", "v")), `cannot be called "a b"`},
	"a name with a zero":               {ready(dealer, property("a\x00", "v")), "cannot be called"},
	"a name beyond ASCII":              {ready(dealer, property("caf\u00e9", "v")), "cannot be called"},
	"a name that is not text":          {ready(dealer, property("\xff\xfe", "v")), "cannot be called"},
	"the socket type twice":            {ready(dealer, dealer), "twice"},
	"the socket type twice, otherwise": {ready(dealer, property("socket-TYPE", "ROUTER")), "twice"},
	"any property twice":               {ready(dealer, property("X-a", "1"), property("x-A", "2")), "twice"},
	"an identity of 256 bytes":         {ready(dealer, property("Identity", strings.Repeat("i", 256))), "an identity of 256 bytes"},
	"an empty socket type":             {ready(property("Socket-Type", "")), `socket type "" does not go with ours, ROUTER`},
	"an unknown socket type":           {ready(property("Socket-Type", "BUTLER")), `socket type "BUTLER" does not go`},
	"a socket type in lower case":      {ready(property("Socket-Type", "dealer")), `socket type "dealer" does not go`},
	"a socket type and a zero":         {ready(property("Socket-Type", "DEALER\x00")), `socket type "DEALER\x00" does not go`},
	"a long socket type":               {ready(property("Socket-Type", strings.Repeat("D", 3000))), "does not go"},
}

// badGreetings are refused by a ROUTER.
var badGreetings = map[string]struct {
	said []byte
	want string
}{
	"HTTP":                {[]byte("GET / HTTP/1.1\r\n"), `not ZMTP: begins with "GET / HTTP"`},
	"TLS":                 {[]byte("\x16\x03\x01\x02\x00\x01\x00"), "not ZMTP"},
	"one wrong byte":      {[]byte{0xFE}, `not ZMTP: begins with "\xfe"`},
	"ZMTP 1":              {[]byte{1, 0}, "not ZMTP"},
	"unsigned":            {greetingWith(9, 0x7E), "not ZMTP"},
	"ZMTP 2.0":            {greetingWith(10, 1)[:12], "older than 3.0 (version byte 1)"},
	"no version":          {greetingWith(10, 0), "older than 3.0 (version byte 0)"},
	"version 2":           {greetingWith(10, 2, 9), "older than 3.0 (version byte 2)"},
	"PLAIN":               {greetingWith(12, []byte("PLAIN")...), `mechanism "PLAIN", ours is NULL`},
	"CURVE":               {greetingWith(12, []byte("CURVE")...), `mechanism "CURVE"`},
	"no mechanism":        {greetingWith(12, 0, 0, 0, 0), `mechanism ""`},
	"half a mechanism":    {greetingWith(14, 0, 0), `mechanism "NU"`},
	"more than NULL":      {greetingWith(16, 'S'), `mechanism "NULLS"`},
	"NULL badly padded":   {greetingWith(31, 1), "mechanism"},
	"spaces for padding":  {greetingWith(16, []byte("                ")...), "mechanism"},
	"lower case":          {greetingWith(12, []byte("null")...), `mechanism "null"`},
	"as-server neither":   {greetingWith(32, 2), "as-server is 2"},
	"64 times 0xFF":       {[]byte(strings.Repeat("\xFF", 64)), "not ZMTP"},
	"zeros":               {make([]byte, 64), "not ZMTP"},
	"READY without hello": {ready(dealer), "not ZMTP"},
}

// goodGreetings are welcome.
var goodGreetings = map[string][]byte{
	"libzmq 4.3":       greeting(),
	"ZMTP 3.0":         greetingWith(11, 0),
	"a later minor":    greetingWith(11, 255),
	"a later major":    greetingWith(10, 4, 0),
	"as-server":        greetingWith(32, 1),
	"filler":           greetingWith(33, []byte(strings.Repeat("\xAA", 31))...),
	"signature filler": greetingWith(1, []byte(strings.Repeat("\xAA", 8))...),
}
