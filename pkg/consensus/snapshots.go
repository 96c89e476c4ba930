package consensus

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"hash/crc64"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hashicorp/raft"
)

// snapshots keeps the newest states, a file each. Everything raft wants to know of one is under one
// checksum with it, so a damaged file is an error and never another snapshot:
//
//	magic "ZEPHSNP1", term u64, index u64, configuration index u64, configuration bytes, state, CRC-64 of all
//
// A file has its name only once it is whole and on disk.
type snapshots struct {
	dir  string
	sync bool
	log  *slog.Logger
	made func(index, term uint64) // is told of each that is new
}

const (
	snapshotMagic  = "ZEPHSNP1"
	snapshotPrefix = "snapshot-"
	unfinished     = ".tmp"
	retained       = 2 // the one before is there should the newest be damaged
)

var ecma = crc64.MakeTable(crc64.ECMA)

// openSnapshots takes the snapshots of a folder, and removes what never became one.
func openSnapshots(dir string, sync bool, log *slog.Logger, made func(index, term uint64)) (*snapshots, error) {
	s := &snapshots{dir: dir, sync: sync, log: log, made: made}
	left, err := filepath.Glob(filepath.Join(dir, snapshotPrefix+"*"+unfinished))
	for _, name := range left {
		err = errors.Join(err, os.Remove(name))
	}
	return s, err
}

func snapshotID(term, index uint64) string {
	return fmt.Sprintf("%s%020d-%020d", snapshotPrefix, term, index)
}

// Create begins a snapshot.
func (s *snapshots) Create(version raft.SnapshotVersion, index, term uint64, c raft.Configuration, configIndex uint64, _ raft.Transport) (raft.SnapshotSink, error) {
	if version != 1 {
		return nil, fmt.Errorf("snapshot of version %d", version)
	}
	id := snapshotID(term, index)
	file, err := os.OpenFile(filepath.Join(s.dir, id+unfinished), os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, err
	}
	sink := &snapshotSink{store: s, id: id, index: index, term: term, file: file, sum: crc64.New(ecma)}
	sink.w = bufio.NewWriterSize(io.MultiWriter(file, sink.sum), 64<<10)
	head := []byte(snapshotMagic)
	for _, n := range []uint64{term, index, configIndex} {
		head = binary.BigEndian.AppendUint64(head, n)
	}
	if _, err := sink.w.Write(appendBytes(head, raft.EncodeConfiguration(c))); err != nil {
		return nil, errors.Join(err, sink.Cancel())
	}
	return sink, nil
}

// List is what there is to know of each snapshot, the newest first.
func (s *snapshots) List() ([]*raft.SnapshotMeta, error) {
	ids, err := s.ids()
	if err != nil {
		return nil, err
	}
	var metas []*raft.SnapshotMeta
	for _, id := range ids {
		file, meta, err := s.open(id)
		if err != nil {
			s.log.Warn("snapshot cannot be read", "snapshot", id, "err", err)
			continue
		}
		_ = file.Close()
		metas = append(metas, meta)
	}
	return metas, nil
}

func (s *snapshots) ids() ([]string, error) {
	entries, err := os.ReadDir(s.dir)
	var ids []string
	for _, e := range entries {
		if name := e.Name(); strings.HasPrefix(name, snapshotPrefix) && !strings.HasSuffix(name, unfinished) {
			ids = append(ids, name)
		}
	}
	slices.Sort(ids)
	slices.Reverse(ids)
	return ids, err
}

// Open checks a snapshot and opens its state.
func (s *snapshots) Open(id string) (*raft.SnapshotMeta, io.ReadCloser, error) {
	file, meta, err := s.open(id)
	if err != nil {
		return nil, nil, fmt.Errorf("snapshot %s: %w", id, err)
	}
	at, err := file.Seek(0, io.SeekCurrent)
	if err == nil {
		err = verify(file, at+meta.Size)
	}
	if err == nil {
		_, err = file.Seek(at, io.SeekStart)
	}
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("snapshot %s: %w", id, err), file.Close())
	}
	return meta, &stateReader{Reader: bufio.NewReader(io.LimitReader(file, meta.Size)), file: file}, nil
}

type stateReader struct {
	io.Reader
	file *os.File
}

func (r *stateReader) Close() error { return r.file.Close() }

// open reads the head of a snapshot, and leaves the file at its state. It does not check.
func (s *snapshots) open(id string) (*os.File, *raft.SnapshotMeta, error) {
	file, err := os.Open(filepath.Join(s.dir, id))
	if err != nil {
		return nil, nil, err
	}
	meta, err := readHead(file)
	if err != nil {
		return nil, nil, errors.Join(err, file.Close())
	}
	meta.ID = id
	if id != snapshotID(meta.Term, meta.Index) {
		return nil, nil, errors.Join(fmt.Errorf("holds term %d, index %d", meta.Term, meta.Index), file.Close())
	}
	return file, meta, nil
}

func readHead(file *os.File) (*raft.SnapshotMeta, error) {
	var fixed [len(snapshotMagic) + 3*8 + 4]byte
	if _, err := io.ReadFull(file, fixed[:]); err != nil {
		return nil, err
	}
	if string(fixed[:len(snapshotMagic)]) != snapshotMagic {
		return nil, errors.New("no snapshot")
	}
	number := func(i int) uint64 { return binary.BigEndian.Uint64(fixed[len(snapshotMagic)+8*i:]) }
	size := int64(binary.BigEndian.Uint32(fixed[len(fixed)-4:]))
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	state := info.Size() - int64(len(fixed)) - size - 8
	if state < 0 {
		return nil, io.ErrUnexpectedEOF
	}
	configuration := make([]byte, size)
	if _, err := io.ReadFull(file, configuration); err != nil {
		return nil, err
	}
	c, err := decodeConfiguration(configuration)
	if err != nil {
		return nil, err
	}
	return &raft.SnapshotMeta{Version: 1, Term: number(0), Index: number(1), ConfigurationIndex: number(2),
		Configuration: c, Size: state}, nil
}

// verify reads all of a snapshot: so many bytes, then the checksum.
func verify(file *os.File, size int64) error {
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	sum := crc64.New(ecma)
	if _, err := io.CopyN(sum, file, size); err != nil {
		return err
	}
	var want [8]byte
	if _, err := io.ReadFull(file, want[:]); err != nil {
		return err
	}
	if binary.BigEndian.Uint64(want[:]) != sum.Sum64() {
		return errRow
	}
	return nil
}

// snapshotSink is a snapshot being written.
type snapshotSink struct {
	store *snapshots
	id    string
	index uint64
	term  uint64
	file  *os.File
	sum   hash.Hash64
	w     *bufio.Writer
	ended bool
}

// ID names the snapshot.
func (s *snapshotSink) ID() string { return s.id }

// Write appends to its state.
func (s *snapshotSink) Write(p []byte) (int, error) { return s.w.Write(p) }

// Close makes it one, and removes those that are too old.
func (s *snapshotSink) Close() error {
	if s.ended {
		return nil
	}
	if err := s.finish(); err != nil {
		return errors.Join(fmt.Errorf("%s: %w", s.id, err), s.Cancel())
	}
	s.ended = true
	if err := os.Rename(s.file.Name(), filepath.Join(s.store.dir, s.id)); err != nil {
		return err
	}
	if err := syncFolder(s.store.dir, s.store.sync); err != nil {
		return err
	}
	s.store.made(s.index, s.term)
	return s.store.reap()
}

func (s *snapshotSink) finish() error {
	if err := s.w.Flush(); err != nil {
		return err
	}
	if _, err := s.file.Write(binary.BigEndian.AppendUint64(nil, s.sum.Sum64())); err != nil {
		return err
	}
	if s.store.sync {
		if err := s.file.Sync(); err != nil {
			return err
		}
	}
	return s.file.Close()
}

// Cancel gives it up.
func (s *snapshotSink) Cancel() error {
	if s.ended {
		return nil
	}
	s.ended = true
	_ = s.file.Close()
	return os.Remove(s.file.Name())
}

func (s *snapshots) reap() error {
	ids, err := s.ids()
	for i, id := range ids {
		if i >= retained {
			err = errors.Join(err, os.Remove(filepath.Join(s.dir, id)))
		}
	}
	return err
}
