package disk

import (
	"bytes"

	"go.etcd.io/bbolt"

	"zeph/pkg/store"
)

// Verify reads all of an object.
func (s *Store) Verify(k store.Key) (v store.Verified, err error) {
	err = s.view(func(tx *bbolt.Tx) error {
		o, err := find(tx, k)
		if err != nil {
			return err
		}
		v.Info = o.record.info
		o.verifyData(tx, &v)
		for _, a := range o.record.attrs {
			v.Attrs = store.DigestRow(v.Attrs, a.Name, a.Value)
		}
		o.verifyOmap(tx, &v)
		return nil
	})
	s.damaged.Add(uint64(len(v.Damage)))
	return v, err
}

// verifyData reads chunk by chunk. Of runs of damage that meet at the edge of chunks it makes one.
func (o *object) verifyData(tx *bbolt.Tx, v *store.Verified) {
	size := o.record.info.Size
	var buffer []byte
	for off := uint64(0); off < size; {
		end := min(off+chunkSize-off%chunkSize, size)
		var err error
		buffer, err = o.read(tx, buffer[:0], off, end)
		e, corrupt := err.(*store.CorruptError)
		if !corrupt {
			v.Data = store.Digest(v.Data, buffer)
			off = end
			continue
		}
		if n := len(v.Damage); n > 0 && v.Damage[n-1].Off+v.Damage[n-1].Len == e.Off {
			v.Damage[n-1].Len += e.Len
		} else {
			v.Damage = append(v.Damage, e)
		}
		off = e.Off + e.Len
	}
}

func (o *object) verifyOmap(tx *bbolt.Tx, v *store.Verified) {
	c := tx.Bucket(bucketOmap).Cursor()
	for k, value := c.Seek(o.row); bytes.HasPrefix(k, o.row); k, value = c.Next() {
		payload, err := unsealed(bucketOmap, k, value)
		if err != nil {
			v.Damage = append(v.Damage, &store.CorruptError{Part: store.PartOmap, Key: o.key, Why: err.Error()})
			continue
		}
		v.Omap = store.DigestRow(v.Omap, string(k[len(o.row):]), payload)
	}
}
