package wire

import "zeph/pkg/osdmap"

func (t *Target) append(m *mapAppender) {
	m.pg(1, t.PG)
	m.unlessEmpty(2, t.Namespace)
	m.unlessEmpty(3, t.Key)
	m.text(4, t.Object)
}

// scan reads the field of a key from 1 to 4.
func (t *Target) scan(s *scanner, key uint64) {
	switch key {
	case 1:
		t.PG = s.pg()
	case 2:
		t.Namespace = s.string()
	case 3:
		t.Key = s.string()
	case 4:
		t.Object = s.string()
	}
}

func (m *mapAppender) pg(k byte, pg PG) {
	m.key(k)
	m.b = appendInt(append(m.b, majorMap|2, 1), int64(pg.Pool))
	m.b = appendHead(append(m.b, 2), majorUint, uint64(pg.Seed))
}

func (s *scanner) pg() (pg PG) {
	for f := s.fields(); s.next(&f); {
		switch f.key {
		case 1:
			pg.Pool = osdmap.PoolID(s.int())
		case 2:
			pg.Seed = scanUint[uint32](s)
		default:
			s.decline()
		}
	}
	return pg
}

// two appends a map of two numbers.
func (m *mapAppender) two(k byte, one, two uint64) {
	m.key(k)
	m.b = appendHead(append(m.b, majorMap|2, 1), majorUint, one)
	m.b = appendHead(append(m.b, 2), majorUint, two)
}

func (m *mapAppender) version(k byte, v PGVersion) { m.two(k, uint64(v.Epoch), v.Seq) }

func (m *mapAppender) versionUnlessZero(k byte, v PGVersion) {
	if !v.IsZero() {
		m.version(k, v)
	}
}

func (s *scanner) version() (v PGVersion) {
	for f := s.fields(); s.next(&f); {
		switch f.key {
		case 1:
			v.Epoch = scanUint[osdmap.Epoch](s)
		case 2:
			v.Seq = scanUint[uint64](s)
		default:
			s.decline()
		}
	}
	return v
}

func (m *mapAppender) asker(k byte, a Asker) { m.two(k, uint64(a.GID), a.Request) }

func (s *scanner) asker() (a Asker) {
	for f := s.fields(); s.next(&f); {
		switch f.key {
		case 1:
			a.GID = scanUint[GID](s)
		case 2:
			a.Request = scanUint[uint64](s)
		default:
			s.decline()
		}
	}
	return a
}
