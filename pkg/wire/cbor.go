package wire

import (
	"errors"
	"reflect"

	"github.com/fxamacker/cbor/v2"
)

var (
	encMode = must(cbor.EncOptions{Sort: cbor.SortCoreDeterministic, NilContainers: cbor.NilContainerAsEmpty}.EncMode())
	lenient = must(decOptions.DecMode())
	strict  = must(func() cbor.DecOptions {
		o := decOptions
		o.ExtraReturnErrors = cbor.ExtraDecErrorUnknownField
		return o
	}().DecMode())
)

var decOptions = cbor.DecOptions{
	DupMapKey:        cbor.DupMapKeyEnforcedAPF,
	IndefLength:      cbor.IndefLengthForbidden,
	TagsMd:           cbor.TagsForbidden,
	MaxNestedLevels:  maxDepth,
	MaxArrayElements: maxElements,
	MaxMapPairs:      maxElements,
}

func must[T any](mode T, err error) T {
	if err != nil {
		panic(err)
	}
	return mode
}

// The six hottest bodies append and scan themselves: see scan.go.
type hot interface {
	AppendCBOR(b []byte) []byte
	scan(b []byte) bool
}

// AppendBody appends the encoding of a body, a pointer to one of this package's structs, to b.
func AppendBody(b []byte, body any) []byte {
	if h, ok := body.(hot); ok {
		return h.AppendCBOR(b)
	}
	return appendByLibrary(b, body)
}

func appendByLibrary(b []byte, body any) []byte {
	enc, err := encMode.Marshal(body)
	if err != nil {
		panic("wire: " + err.Error()) // a body that cannot be encoded is a mistake in this package
	}
	return append(b, enc...)
}

// ParseBody reads a body into the struct that body points to; what the sender left out becomes
// zero, whatever the struct held before. It keeps nothing of b. The error is an *Error. With
// mustUnderstand, a key that the struct does not have is one too.
func ParseBody(b []byte, body any, mustUnderstand bool) error {
	if h, ok := body.(hot); ok && h.scan(b) {
		return nil
	}
	return parseByLibrary(b, body, mustUnderstand)
}

func parseByLibrary(b []byte, body any, mustUnderstand bool) error {
	if len(b) > 0 && b[0]>>5 != majorMap>>5 { // null would leave the struct as it was
		return Malformed.Errorf("the body is not a CBOR map")
	}
	v := reflect.ValueOf(body).Elem()
	v.SetZero()
	mode := lenient
	if mustUnderstand {
		mode = strict
	}
	err := mode.Unmarshal(b, body)
	if unknown := (*cbor.UnknownFieldError)(nil); errors.As(err, &unknown) {
		return UnknownField.Errorf("body of %s: %v", v.Type().Name(), err)
	}
	if err != nil {
		return Malformed.Errorf("body of %s: %v", v.Type().Name(), err)
	}
	return nil
}
