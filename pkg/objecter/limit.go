package objecter

import (
	"fmt"

	"zeph/pkg/store"
	"zeph/pkg/wire"
)

// limitOf says how much a step may ask for at most, for whoever asked for more; empty: there is no one limit.
func limitOf(op wire.StepOp) string {
	const kib, mib = 1 << 10, 1 << 20
	switch op {
	case wire.StepSetXattr:
		return fmt.Sprintf("an object's attributes take at most %d KiB together, names and values, and a name %d bytes", store.MaxAttrs/kib, store.MaxAttrName)
	case wire.StepSetOmap:
		return fmt.Sprintf("a row's key takes at most %d bytes, its value %d KiB, and an object has %d rows", store.MaxRowKey, store.MaxRowValue/kib, store.MaxOmapRows)
	case wire.StepWrite, wire.StepWriteFull, wire.StepAppend, wire.StepTruncate:
		return fmt.Sprintf("an object takes at most %d MiB, one step of a write %d MiB", store.MaxObject/mib, store.MaxWrite/mib)
	}
	return ""
}
