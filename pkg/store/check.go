package store

import "fmt"

// Check refuses a transaction that no store would take, whatever it holds: ErrTooBig or
// ErrInvalid. Submit does it for every one.
func (t *Txn) Check() error {
	if len(t.Ops) > MaxTxnOps {
		return fmt.Errorf("a transaction of %d operations, the limit is %d: %w", len(t.Ops), MaxTxnOps, ErrTooBig)
	}
	rows := 0
	for i := range t.Ops {
		op := &t.Ops[i]
		if err := op.check(); err != nil {
			return fmt.Errorf("operation %d, %v: %w", i, op.Kind, err)
		}
		if op.Kind == OpRemovePG && len(t.Ops) > 1 {
			return fmt.Errorf("operation %d, %v: not alone in its transaction: %w", i, op.Kind, ErrInvalid)
		}
		rows += len(op.Rows) + len(op.Entries)
	}
	if rows > MaxTxnRows {
		return fmt.Errorf("a transaction of %d rows and log entries, the limit is %d: %w", rows, MaxTxnRows, ErrTooBig)
	}
	if bytes := t.Bytes(); bytes > MaxTxnBytes {
		return fmt.Errorf("a transaction of %d bytes, the limit is %d: %w", bytes, MaxTxnBytes, ErrTooBig)
	}
	return nil
}

func (op *Op) check() error {
	if op.Kind.OnObject() {
		if err := op.Key.check(); err != nil {
			return err
		}
	} else if op.PG.Pool < 1 {
		return fmt.Errorf("pg %v: pools with PGs begin at 1: %w", op.PG, ErrInvalid)
	}
	switch op.Kind {
	case OpTouch, OpRemove, OpSetVersion, OpZero, OpRemoveAttr, OpDeleteOmap, OpDeleteRows, OpTrimLog, OpRewindLog:
		return nil
	case OpWrite, OpWriteFull:
		return op.checkWrite()
	case OpTruncate:
		return limit("an object", op.Len, MaxObject)
	case OpSetAttr:
		if op.Name == "" {
			return fmt.Errorf("an attribute without a name: %w", ErrInvalid)
		}
		if err := limit("an attribute's name", uint64(len(op.Name)), MaxAttrName); err != nil {
			return err
		}
		return limit("an attribute", uint64(len(op.Name)+len(op.Data)), MaxAttrs)
	case OpSetOmap, OpSetRows:
		return checkRows(op.Rows)
	case OpSetInfo:
		return limit("an info", uint64(len(op.Data)), MaxInfo)
	case OpAppendLog:
		return checkEntries(op.Entries)
	case OpMakePG:
		if op.PG.Seed >= op.Count {
			return fmt.Errorf("pg %v of a pool with %d: %w", op.PG, op.Count, ErrInvalid)
		}
		return nil
	case OpRemovePG:
		if op.Count == 0 {
			return fmt.Errorf("slices of no object: %w", ErrInvalid)
		}
		return limit("objects of a slice: their number", uint64(op.Count), MaxTxnOps)
	}
	return fmt.Errorf("unknown: %w", ErrInvalid)
}

func (op *Op) checkWrite() error {
	if err := limit("a write", uint64(len(op.Data)), MaxWrite); err != nil {
		return err
	}
	if op.Off > MaxObject || op.Off+uint64(len(op.Data)) > MaxObject {
		return fmt.Errorf("%d bytes at %d, objects end at %d: %w", len(op.Data), op.Off, MaxObject, ErrTooBig)
	}
	return nil
}

func checkRows(rows []Row) error {
	for i, row := range rows {
		if i > 0 && rows[i-1].Key >= row.Key {
			return fmt.Errorf("row %q after %q: %w", row.Key, rows[i-1].Key, ErrInvalid)
		}
		if row.Key == "" {
			return fmt.Errorf("a row without a key: %w", ErrInvalid)
		}
		if err := limit("a row's key", uint64(len(row.Key)), MaxRowKey); err != nil {
			return err
		}
		if err := limit("a row", uint64(len(row.Value)), MaxRowValue); err != nil {
			return err
		}
	}
	return nil
}

func checkEntries(entries []LogEntry) error {
	last := Version{}
	for _, e := range entries {
		if e.Version.Compare(last) <= 0 {
			return fmt.Errorf("log entry %v after %v: %w", e.Version, last, ErrInvalid)
		}
		if err := limit("a log entry", uint64(len(e.Entry)), MaxLogEntry); err != nil {
			return err
		}
		last = e.Version
	}
	return nil
}

func limit(what string, n, most uint64) error {
	if n > most {
		return fmt.Errorf("%s of %d, the limit is %d: %w", what, n, most, ErrTooBig)
	}
	return nil
}
