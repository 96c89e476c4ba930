package store

// The limits. Sizes are in bytes. Txn.Check holds transactions to those that it can see by itself,
// Txn.Against to those of whole objects.
const (
	BlockSize = 4 << 10 // damage is found, and replaced, by blocks of an object's data

	MaxObject = 128 << 20 // an object's data
	MaxWrite  = 16 << 20  // the data of one operation

	MaxTxnBytes = 32 << 20 // what a transaction holds, see Txn.Bytes
	MaxTxnOps   = 16 << 10 // merging a log may remove as many objects as the log had entries
	MaxTxnRows  = 64 << 10 // rows and log entries of all its operations

	MaxName      = 1024
	MaxNamespace = 255
	MaxAttrName  = 255
	MaxAttrs     = 64 << 10 // names and values of an object's attributes together
	MaxRowKey    = 1024     // of an omap, and of a PG's rows
	MaxRowValue  = 64 << 10
	MaxOmapRows  = 1 << 20 // of an object
	MaxLogEntry  = 64 << 10
	MaxInfo      = 1 << 20

	MaxPage      = 1000    // items of a page, however many were asked for
	MaxPageBytes = 1 << 20 // a page ends after the item that reaches this
)
