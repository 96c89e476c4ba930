package client

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"zeph/pkg/wire"
)

// Sizes of objects in pieces.
const (
	PieceSize = 4 << 20 // larger objects are kept in pieces of this size, but for the last

	piecesPrefix   = ".zeph.pieces" // namespaces that begin so hold pieces: what follows is a slash and the object's own
	pieceNameExtra = 32 + 1 + 8 + 1 // what a piece's name has more than the object's
)

// The library's own attributes of an object. docs/striping.md tells them for other programs.
const (
	attrOwn      = "zeph."         // begins all of them
	attrKind     = "zeph.kind"     // kindPlain, kindStriped or kindVoid; lacking: plain
	attrSum      = "zeph.xxh64"    // of a plain object or a piece: of its bytes, in hexadecimal; empty: not known
	attrManifest = "zeph.manifest" // of a striped object
	attrNote     = "zeph.put."     // then a generation: a put that is under way, and since when
)

const (
	kindPlain   = "plain"   // the data of the object are its bytes
	kindStriped = "striped" // its bytes are in the pieces that the manifest tells of
	kindVoid    = "void"    // nobody has put it yet, or it was removed: only puts under way have their notes here
)

// manifest says where the bytes of a striped object are.
type manifest struct {
	Generation string `json:"generation"` // part of the pieces' names: 32 hexadecimal digits
	Size       uint64 `json:"size"`       // in bytes
	PieceSize  uint64 `json:"piece_size"`
	Sum        string `json:"xxh64"` // of all bytes, in hexadecimal
}

func (m *manifest) pieces() uint64 { return (m.Size + m.PieceSize - 1) / m.PieceSize }

// length is how many bytes a piece has.
func (m *manifest) length(i uint64) uint64 { return min(m.PieceSize, m.Size-i*m.PieceSize) }

func (m *manifest) encode() []byte {
	b, err := json.Marshal(m)
	if err != nil {
		panic(err)
	}
	return b
}

func parseManifest(b []byte) (*manifest, error) {
	m := &manifest{}
	if err := json.Unmarshal(b, m); err != nil {
		return nil, fmt.Errorf("manifest: %w", err)
	}
	if _, err := hex.DecodeString(m.Generation); err != nil || len(m.Generation) != 32 || m.PieceSize == 0 || m.Size > 1<<62 {
		return nil, fmt.Errorf("manifest %q makes no sense", b)
	}
	return m, nil
}

// pieceName is the name of a piece, in the namespace of pieces.
func pieceName(generation string, i uint64, object string) string {
	return fmt.Sprintf("%s.%08x.%s", generation, i, object)
}

// parsePiece takes a piece's name apart.
func parsePiece(name string) (generation, object string, ok bool) {
	if len(name) <= pieceNameExtra || name[32] != '.' || name[41] != '.' {
		return "", "", false
	}
	_, err := hex.DecodeString(name[:32])
	return name[:32], name[42:], err == nil
}

// pieces is the pool as the place of pieces.
func (p Pool) pieces() Pool {
	p.ns = strings.TrimSuffix(piecesPrefix+"/"+p.ns, "/")
	return p
}

// head is what an object's own record says, without its data.
type head struct {
	there    bool // there is such a record; it may be void
	kind     string
	named    bool // the kind is written down: other programs may leave it out
	version  Version
	size     uint64 // of the whole object
	modified time.Time
	manifest *manifest // of a striped object
	sum      string    // of a plain one, if known
	notes    []wire.Pair
	attrs    []wire.Pair // the user's
}

// exists reports whether there is an object, for users.
func (h *head) exists() bool { return h.there && h.kind != kindVoid }

// readHead reads an object's record, and of a plain object data from an offset on.
func (p Pool) readHead(ctx context.Context, name string, data ...steps) (*head, []byte, error) {
	reply, parts, err := p.read(ctx, name, all(append([]steps{step(wire.StepListXattrs)}, data...)...))
	if errors.Is(err, ErrNotFound) {
		return &head{kind: kindVoid, version: reply.Version}, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	var attrs wire.Pairs
	if err := wire.ParseBody(parts[0], &attrs, false); err != nil {
		return nil, nil, err
	}
	h := &head{there: true, kind: kindPlain, version: reply.Version, size: reply.Size, modified: time.UnixMilli(int64(reply.Modified))}
	if err := h.take(attrs.Pairs); err != nil {
		return nil, nil, err
	}
	if attrs.More { // what is the user's may be long; ours comes early enough
		return nil, nil, errors.New("more attributes than one answer holds")
	}
	if len(parts) > 1 {
		return h, parts[1], nil
	}
	return h, nil, nil
}

func (h *head) take(attrs []wire.Pair) (err error) {
	for _, a := range attrs {
		switch {
		case a.Name == attrKind:
			h.kind, h.named = string(a.Value), true
		case a.Name == attrSum:
			h.sum = string(a.Value)
		case a.Name == attrManifest:
			if h.manifest, err = parseManifest(a.Value); err != nil {
				return err
			}
		case strings.HasPrefix(a.Name, attrNote):
			h.notes = append(h.notes, a)
		case !strings.HasPrefix(a.Name, attrOwn):
			h.attrs = append(h.attrs, a)
		}
	}
	switch h.kind {
	case kindPlain, kindVoid:
		h.manifest = nil
	case kindStriped:
		if h.manifest == nil {
			return errors.New("object is striped, and has no manifest")
		}
		h.size = h.manifest.Size
	default:
		return fmt.Errorf("object is of a kind that this version does not know: %q", h.kind)
	}
	return nil
}

// same are steps that fail unless the record is the one that was read.
func (h *head) same() steps {
	if !h.there {
		return step(wire.StepAbsent)
	}
	return isVersion(h.version)
}
