package wire

import (
	"reflect"
	"testing"
)

func TestNewBody(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		typ   Type
		flags Flags
		want  any
	}{
		{TypeHello, 0, new(Hello)},
		{TypeHello, MustUnderstand, new(Hello)},
		{TypeHello, Reply, new(Welcome)},
		{TypeHello, Reply | Failed, new(Error)},
		{TypeCredit, 0, new(Credit)},
		{TypeCredit, Reply, nil},
		{TypeWrite, Reply, new(WriteReply)},
		{TypeSubWrite, Reply, new(SubWriteReply)},
		{0, 0, nil},
		{999, Reply, nil},
		{999, Reply | Failed, new(Error)},
	} {
		if got := tt.typ.NewBody(tt.flags); reflect.TypeOf(got) != reflect.TypeOf(tt.want) {
			t.Errorf("%v with flags %d: %T, want %T", tt.typ, tt.flags, got, tt.want)
		}
	}
}

func TestTypesTravelByTheirClasses(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		typ   Type
		class Class
		want  bool
	}{
		{TypeHello, Heartbeat, true},
		{TypePing, Heartbeat, true},
		{TypePing, Data, false},
		{TypeWrite, Data, true},
		{TypeWrite, Control, false},
		{TypeSubWrite, Bulk, false},
		{TypeHello, NumClasses, false},
		{0, Data, false},
		{999, Data, false},
	} {
		if got := tt.typ.TravelsBy(tt.class); got != tt.want {
			t.Errorf("%v by %v: %v", tt.typ, tt.class, got)
		}
	}
	if !TypeNote.OneWay() || TypeEcho.OneWay() || Type(0).OneWay() {
		t.Error("OneWay is wrong")
	}
}

func TestFramesFitTheirClasses(t *testing.T) {
	t.Parallel()
	for c := range NumClasses {
		if c.MaxFrame() < HeaderSize {
			t.Errorf("%v: a message has %d bytes at most", c, c.MaxFrame())
		}
	}
	if NumClasses.MaxFrame() != 0 {
		t.Error("a class that does not exist carries messages")
	}
}
