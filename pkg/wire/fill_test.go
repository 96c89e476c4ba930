package wire

import (
	"fmt"
	"reflect"

	"pgregory.net/rapid"
)

// fill draws a value for every field of what v points to: small and huge numbers, zeros, names
// in several scripts, slices with and without elements.
func fill(t *rapid.T, v reflect.Value, label string) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() {
				fill(t, v.Field(i), label+"."+f.Name)
			}
		}
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			if b := rapid.SliceOfN(rapid.Byte(), 0, 40).Draw(t, label); len(b) > 0 {
				v.SetBytes(b)
			}
			return
		}
		n := rapid.IntRange(0, 30).Draw(t, label)
		if n == 0 {
			return
		}
		v.Set(reflect.MakeSlice(v.Type(), n, n))
		for i := range n {
			fill(t, v.Index(i), fmt.Sprintf("%s[%d]", label, i))
		}
	case reflect.Array:
		for i, c := range rapid.SliceOfN(rapid.Byte(), v.Len(), v.Len()).Draw(t, label) {
			v.Index(i).SetUint(uint64(c))
		}
	case reflect.String:
		v.SetString(rapid.StringN(0, 300, 400).Draw(t, label))
	case reflect.Bool:
		v.SetBool(rapid.Bool().Draw(t, label))
	case reflect.Int32, reflect.Int64:
		v.SetInt(rapid.Int64().Draw(t, label) >> (64 - v.Type().Bits()))
	case reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		bits := rapid.IntRange(0, v.Type().Bits()).Draw(t, label+" bits")
		v.SetUint(rapid.Uint64().Draw(t, label) >> (64 - bits))
	default:
		panic("fill: " + v.Type().String() + " is of a kind that no body had so far")
	}
}

// bodies makes one of each body that there is.
func bodies() []any {
	all := []any{new(Error), new(Pairs)}
	for t := range Type(len(types)) {
		for _, f := range []Flags{0, Reply} {
			if body := t.NewBody(f); body != nil {
				all = append(all, body)
			}
		}
	}
	return all
}

func nameOf(body any) string { return reflect.TypeOf(body).Elem().Name() }

// fresh is an empty body of the same type.
func fresh(body any) any { return reflect.New(reflect.TypeOf(body).Elem()).Interface() }
