package client

import (
	"bytes"
	"context"
	"errors"
	"io"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"zeph/pkg/wire"
)

func (f *fake) connect(change ...func(*Config)) *Client {
	cfg := Config{Cluster: f.cluster, Transport: f.transport, Name: "test"}
	for _, c := range change {
		c(&cfg)
	}
	c, err := Connect(f.t.Context(), cfg)
	if err != nil {
		f.t.Fatal(err)
	}
	c.piece = piece
	f.t.Cleanup(func() { c.Close() })
	return c
}

// piece is how large the pieces of these tests are.
const piece = 4096

// demo is a cluster with a client, and the client's pool demo.
func demo(t *testing.T, change ...func(*Config)) (*fake, Pool) {
	f := newFake(t)
	p, err := f.connect(change...).Pool(t.Context(), "demo")
	if err != nil {
		t.Fatal(err)
	}
	return f, p
}

func bytesOf(seed uint64, n int) []byte {
	b := make([]byte, n)
	rand.NewChaCha8([32]byte{byte(seed)}).Read(b)
	return b
}

func put(t *testing.T, p Pool, name string, data []byte) Info {
	t.Helper()
	info, err := p.Put(t.Context(), name, bytes.NewReader(data), PutOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return info
}

func mustGet(t *testing.T, p Pool, name string, want []byte) {
	t.Helper()
	got, info, err := p.Get(t.Context(), name)
	if err != nil || !bytes.Equal(got, want) || info.Size != uint64(len(want)) {
		t.Fatalf("get %s: %d bytes, want %d; %+v, %v", name, len(got), len(want), info, err)
	}
}

func mustFail(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("it ends with %v, want %v", err, want)
	}
}

// Each size over each other: in one piece, at its edge, in several.
func TestPutAndGet(t *testing.T) {
	t.Parallel()
	f, p := demo(t)
	sizes := []int{0, 1, 3000, piece, piece + 1, 2 * piece, 3*piece + 5}
	for i, size := range sizes {
		for j, over := range sizes {
			data := bytesOf(uint64(i*10+j), size)
			put(t, p, "a", bytesOf(1, over))
			info := put(t, p, "a", data)
			mustGet(t, p, "a", data)
			stat, err := p.Stat(t.Context(), "a")
			if err != nil || stat.Version != info.Version || stat.Size != uint64(size) || stat.Striped != (size > piece) || stat.Sum != sumOf(data) {
				t.Fatalf("%d bytes over %d: %+v, %v", size, over, stat, err)
			}
			pieces := 0
			if size > piece {
				pieces = (size + piece - 1) / piece
			}
			if left := f.names(piecesPrefix); len(left) != pieces {
				t.Fatalf("%d bytes over %d: %d pieces in the store, want %d", size, over, len(left), pieces)
			}
		}
	}
	if err := p.Remove(t.Context(), "a"); err != nil {
		t.Fatal(err)
	}
	_, _, err := p.Get(t.Context(), "a")
	mustFail(t, err, ErrNotFound)
	if left := append(f.names(piecesPrefix), f.names("")...); len(left) > 0 {
		t.Errorf("left: %q", left)
	}
}

func TestConditions(t *testing.T) {
	t.Parallel()
	_, p := demo(t)
	for _, size := range []int{10, 3000, piece + 10} {
		data := bytesOf(1, size)
		try := func(opt PutOptions) (Info, error) { return p.Put(t.Context(), "c", bytes.NewReader(data), opt) }
		_, err := try(PutOptions{IfExists: true})
		mustFail(t, err, ErrNotFound)
		first, err := try(PutOptions{IfAbsent: true})
		mustFail(t, err, nil)
		_, err = try(PutOptions{IfAbsent: true})
		mustFail(t, err, ErrExists)
		second, err := try(PutOptions{IfVersion: &first.Version, Xattrs: map[string][]byte{"k": []byte("v")}})
		mustFail(t, err, nil)
		_, err = try(PutOptions{IfVersion: &first.Version})
		mustFail(t, err, ErrMismatch)
		_, err = try(PutOptions{IfExists: true})
		mustFail(t, err, nil)
		if first.Version.Compare(second.Version) >= 0 {
			t.Errorf("versions %v, %v", first.Version, second.Version)
		}
		mustGet(t, p, "c", data)
		v, err := p.GetXattr(t.Context(), "c", "k")
		if err != nil || string(v) != "v" {
			t.Errorf("attribute %q, %v", v, err)
		}
		mustFail(t, p.Remove(t.Context(), "c"), nil)
		mustFail(t, p.Remove(t.Context(), "c"), ErrNotFound)
	}
}

func TestStepsAndAttributes(t *testing.T) {
	t.Parallel()
	_, p := demo(t)
	ctx := t.Context()
	_, err := p.Append(ctx, "log", []byte("one "))
	mustFail(t, err, nil)
	_, err = p.Append(ctx, "log", []byte("two"))
	mustFail(t, err, nil)
	_, err = p.WriteAt(ctx, "log", 1, []byte("NE"))
	mustFail(t, err, nil)
	mustGet(t, p, "log", []byte("oNE two"))
	_, err = p.Truncate(ctx, "log", 3)
	mustFail(t, err, nil)
	mustGet(t, p, "log", []byte("oNE"))
	_, err = p.Truncate(ctx, "none", 3)
	mustFail(t, err, ErrNotFound)

	_, err = p.Apply(ctx, "log", new(Write).IsXattr("state", []byte("draft")).Append([]byte("!")))
	mustFail(t, err, ErrMismatch)
	v, err := p.Apply(ctx, "log", new(Write).Append([]byte("!")).SetXattr("state", []byte("final")).SetOmap("k1", []byte("v1")))
	mustFail(t, err, nil)
	_, err = p.Apply(ctx, "log", new(Write).IsVersion(v).IsXattr("state", []byte("final")).Append([]byte("?")))
	mustFail(t, err, nil)
	mustGet(t, p, "log", []byte("oNE!?"))
	_, err = p.Apply(ctx, "log", new(Write).Absent().Append([]byte("?")))
	mustFail(t, err, ErrExists)
	_, err = p.Apply(ctx, "new", new(Write).Absent().Append([]byte("?")))
	mustFail(t, err, nil)
	_, err = p.Apply(ctx, "log", new(Write).SetXattr("zeph.kind", nil))
	mustFail(t, err, ErrName)

	mustFail(t, p.SetOmap(ctx, "log", map[string][]byte{"k3": []byte("v3"), "k2": []byte("v2"), "k4": nil}), nil)
	mustFail(t, p.RemoveOmap(ctx, "log", "k2"), nil)
	var rows []string
	for row, err := range p.Omap(ctx, "log", "") {
		mustFail(t, err, nil)
		rows = append(rows, row.Key+"="+string(row.Value))
	}
	if want := []string{"k1=v1", "k3=v3", "k4="}; !slices.Equal(rows, want) {
		t.Errorf("omap %q, want %q", rows, want)
	}
	attrs, err := p.Xattrs(ctx, "log")
	if err != nil || !slices.Equal(slices.Collect(maps.Keys(attrs)), []string{"state"}) {
		t.Errorf("attributes %q, %v", attrs, err)
	}
	mustFail(t, p.RemoveXattr(ctx, "log", "state"), nil)
	_, err = p.GetXattr(ctx, "log", "state")
	mustFail(t, err, ErrNotFound)
}

// What is in pieces refuses by name what only one piece can do, and takes attributes.
func TestStripedRefuses(t *testing.T) {
	t.Parallel()
	_, p := demo(t)
	data := bytesOf(3, piece+7)
	info := put(t, p, "big", data)
	_, err := p.Append(t.Context(), "big", []byte("x"))
	mustFail(t, err, ErrStriped)
	_, err = p.WriteAt(t.Context(), "big", 0, []byte("x"))
	mustFail(t, err, ErrStriped)
	mustFail(t, p.SetXattr(t.Context(), "big", "k", []byte("v")), nil)
	_, err = p.Apply(t.Context(), "big", new(Write).IsVersion(info.Version).SetXattr("k", nil))
	mustFail(t, err, ErrMismatch) // SetXattr was a write
	mustGet(t, p, "big", data)
}

// Programs that know nothing of kinds make objects, too.
func TestForeignObjects(t *testing.T) {
	t.Parallel()
	_, p := demo(t)
	_, _, err := p.write(t.Context(), "f", writeFull([]byte("abc")))
	mustFail(t, err, nil)
	mustGet(t, p, "f", []byte("abc"))
	_, err = p.Append(t.Context(), "f", []byte("def"))
	mustFail(t, err, nil)
	mustGet(t, p, "f", []byte("abcdef"))
	_, _, err = p.write(t.Context(), "g", writeFull(bytesOf(1, 9000)))
	mustFail(t, err, nil)
	mustGet(t, p, "g", bytesOf(1, 9000))
	put(t, p, "g", bytesOf(2, 9000))
	mustGet(t, p, "g", bytesOf(2, 9000))
}

func TestReadAt(t *testing.T) {
	t.Parallel()
	_, p := demo(t)
	for _, size := range []int{1000, 2*piece + 1000} {
		data := bytesOf(4, size)
		put(t, p, "r", data)
		for _, c := range []struct{ off, n int }{{0, 10}, {990, 10}, {990, 11}, {size - 5, 5}, {size - 5, 10}, {size, 1}, {size + 9, 1}, {piece - 3, 6}, {5, size}} {
			buf := make([]byte, c.n)
			n, err := p.ReadAt(t.Context(), "r", buf, uint64(c.off))
			want := data[min(c.off, size):min(c.off+c.n, size)]
			if !bytes.Equal(buf[:n], want) || (err == io.EOF) != (n < c.n) || err != nil && err != io.EOF {
				t.Errorf("%d bytes at %d of %d: got %d, want %d, %v", c.n, c.off, size, n, len(want), err)
			}
		}
	}
}

func TestList(t *testing.T) {
	t.Parallel()
	f, p := demo(t)
	sizes := map[string]uint64{}
	for i := range 30 {
		name := strings.Repeat("x", i%5+1) + string(rune('a'+i))
		put(t, p, name, bytesOf(1, i))
		sizes[name] = uint64(i)
	}
	put(t, p, "big", bytesOf(1, piece+1))
	sizes["big"] = piece + 1
	inner, err := p.Namespace("inner")
	mustFail(t, err, nil)
	put(t, inner, "elsewhere", nil)
	_, _, err = p.write(t.Context(), "void", all(setXattr(attrKind, []byte(kindVoid)), setXattr(attrNote+"x", nil)))
	mustFail(t, err, nil)
	got := map[string]uint64{}
	for info, err := range p.List(t.Context(), ListOptions{}) {
		mustFail(t, err, nil)
		got[info.Name] = info.Size
	}
	if !maps.Equal(got, sizes) {
		t.Errorf("listed %v, want %v; the store has %q", got, sizes, f.names(""))
	}
	for info, err := range p.List(t.Context(), ListOptions{Prefix: "xxx"}) {
		if err != nil || !strings.HasPrefix(info.Name, "xxx") {
			t.Errorf("%+v, %v", info, err)
		}
	}
	_, _, err = p.Get(t.Context(), "void")
	mustFail(t, err, ErrNotFound)
}

func TestCopy(t *testing.T) {
	t.Parallel()
	f, p := demo(t)
	other, err := p.c.Pool(t.Context(), "other")
	mustFail(t, err, nil)
	for _, size := range []int{10, piece + 10} {
		data := bytesOf(5, size)
		put(t, p, "from", data)
		mustFail(t, p.SetXattr(t.Context(), "from", "k", []byte("v")), nil)
		info, err := p.Copy(t.Context(), "from", other, "to", PutOptions{})
		if err != nil || info.Sum != sumOf(data) {
			t.Fatalf("%+v, %v", info, err)
		}
		mustGet(t, other, "to", data)
		v, err := other.GetXattr(t.Context(), "to", "k")
		if err != nil || string(v) != "v" {
			t.Errorf("attribute %q, %v", v, err)
		}
	}
	_, err = p.Copy(t.Context(), "none", other, "to", PutOptions{})
	mustFail(t, err, ErrNotFound)
	_ = f
}

func TestCommands(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	c := f.connect()
	a, err := c.MonCommand(t.Context(), "echo", Args{"json": `{"a": "in more than one part"}`})
	if err != nil || string(a.JSON) != `{"a": "in more than one part"}` || a.Text != "echoed" {
		t.Errorf("%+v, %v", a, err)
	}
	_, err = c.MonCommand(t.Context(), "frobnicate", nil)
	mustFail(t, err, ErrDenied)
	_, err = c.Pool(t.Context(), "nix")
	mustFail(t, err, ErrNoPool)
}

// A write that nobody answers may have happened; a read that nobody answers is only late.
func TestUnknown(t *testing.T) {
	t.Parallel()
	f, p := demo(t)
	p.c.cfg.Timeout = 100 * time.Millisecond // not while it connects, which has to work
	f.mu.Lock()
	f.before = func(name string, body any) bool { return name != "x" }
	f.mu.Unlock()
	_, err := p.Put(t.Context(), "x", strings.NewReader("x"), PutOptions{})
	mustFail(t, err, ErrUnknown)
	_, _, err = p.Get(t.Context(), "x")
	if !errors.Is(err, ErrTimeout) || errors.Is(err, ErrUnknown) {
		t.Errorf("get: %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	_, err = p.Append(ctx, "x", []byte("x"))
	if !errors.Is(err, ErrUnknown) {
		t.Errorf("append: %v", err)
	}
}

// A put whose pieces cannot be stored leaves the old object, and nothing else.
func TestPutGivesUp(t *testing.T) {
	t.Parallel()
	f, p := demo(t)
	old := bytesOf(1, 100)
	put(t, p, "a", old)
	p.c.cfg.Timeout = 2 * time.Second // enough for what is answered, on a busy machine, too
	f.mu.Lock()
	f.before = func(name string, body any) bool {
		_, ok := body.(*wire.Write)
		return !ok || !strings.Contains(name, ".00000002.")
	}
	f.mu.Unlock()
	_, err := p.Put(t.Context(), "a", bytes.NewReader(bytesOf(2, 5*piece)), PutOptions{})
	if !errors.Is(err, ErrTimeout) || errors.Is(err, ErrUnknown) {
		t.Fatalf("it ends with %v", err)
	}
	mustGet(t, p, "a", old)
	h, _, err := p.readHead(t.Context(), "a")
	if err != nil || len(h.notes) > 0 {
		t.Errorf("notes are left: %v, %v", h.notes, err)
	}

	p = connectAgain(t, f)
	_, err = p.Put(t.Context(), "b", io.MultiReader(bytes.NewReader(bytesOf(2, 2*piece)), failing{}), PutOptions{})
	mustFail(t, err, errFailing)
	if left := f.names(""); !slices.Equal(left, []string{"a"}) {
		t.Errorf("left: %q", left)
	}
}

func connectAgain(t *testing.T, f *fake) Pool {
	p, err := f.connect().Pool(t.Context(), "demo")
	if err != nil {
		t.Fatal(err)
	}
	return p
}

type failing struct{}

var errFailing = errors.New("the disk is gone")

func (failing) Read([]byte) (int, error) { return 0, errFailing }

// The answer to the switch of the manifest is lost. The client finds out that it happened.
func TestSwitchWithoutAnswer(t *testing.T) {
	t.Parallel()
	f, p := demo(t)
	p.c.cfg.Timeout = 2 * time.Second
	lost := 0
	f.before = func(name string, body any) bool {
		w, ok := body.(*wire.Write)
		if !ok || !slices.ContainsFunc(w.Steps, func(s wire.Step) bool { return s.Name == attrManifest }) {
			return true
		}
		lost++
		return false
	}
	data := bytesOf(1, piece+1)
	_, err := p.Put(t.Context(), "a", bytes.NewReader(data), PutOptions{})
	if errors.Is(err, ErrUnknown) || !errors.Is(err, ErrTimeout) {
		t.Fatalf("a switch that did not happen ends with %v", err)
	}
	if left := append(f.names(piecesPrefix), f.names("")...); len(left) > 0 || lost == 0 {
		t.Errorf("left: %q; %d lost", left, lost)
	}
	f.mu.Lock()
	f.after = func(name string, body any) bool {
		w, ok := body.(*wire.Write)
		return !ok || !slices.ContainsFunc(w.Steps, func(s wire.Step) bool { return s.Name == attrManifest })
	}
	f.before = nil
	f.mu.Unlock()
	info, err := p.Put(t.Context(), "a", bytes.NewReader(data), PutOptions{})
	if err != nil || !info.Striped {
		t.Fatalf("a switch that happened ends with %+v, %v", info, err)
	}
	mustGet(t, p, "a", data)
}

// A sweep takes an interrupted put's note out, then its pieces. A put that was only slow fails, and the object is
// as it was.
func TestSweep(t *testing.T) {
	t.Parallel()
	f, p := demo(t)
	old := bytesOf(1, 2*piece)
	put(t, p, "a", old)
	put(t, p, "small", []byte("x"))
	r, w := io.Pipe()
	var wg sync.WaitGroup
	var slow error
	stored := make(chan struct{}, 100)
	wg.Go(func() {
		_, slow = p.Put(t.Context(), "a", r, PutOptions{Progress: func(int) { stored <- struct{}{} }})
	})
	w.Write(bytesOf(2, piece+10))
	<-stored
	res, err := p.GC(t.Context(), GCOptions{Older: time.Hour})
	if err != nil || res.Young != 1 || res.Pieces != 0 {
		t.Fatalf("a put that is young: %+v, %v", res, err)
	}
	res, err = p.GC(t.Context(), GCOptions{DryRun: true})
	if err != nil || res.Notes != 1 || res.Pieces != 1 || len(f.names(piecesPrefix)) != 3 {
		t.Fatalf("a dry run: %+v, %v", res, err)
	}
	res, err = p.GC(t.Context(), GCOptions{})
	if err != nil || res.Notes != 1 || res.Pieces != 1 || len(f.names(piecesPrefix)) != 2 {
		t.Fatalf("a sweep: %+v, %v", res, err)
	}
	w.Close()
	wg.Wait()
	mustFail(t, slow, ErrSwept)
	mustGet(t, p, "a", old)
	if res, err = p.GC(t.Context(), GCOptions{}); err != nil || res != (GCResult{}) {
		t.Errorf("nothing is left, and a sweep finds %+v, %v", res, err)
	}
	// A note without pieces, of an object that nobody has put.
	_, _, err = p.write(t.Context(), "void", all(setXattr(attrKind, []byte(kindVoid)), setXattr(attrNote+strings.Repeat("0", 32), nil)))
	mustFail(t, err, nil)
	if res, err = p.GC(t.Context(), GCOptions{}); err != nil || res.Notes != 1 || !slices.Equal(f.names(""), []string{"a", "small"}) {
		t.Errorf("%+v, %v; left: %q", res, err, f.names(""))
	}
}

// An object is removed while a large put of it is under way: the put comes after.
func TestRemoveDuringPut(t *testing.T) {
	t.Parallel()
	f, p := demo(t)
	put(t, p, "a", bytesOf(1, 2*piece))
	data := bytesOf(2, piece+10)
	r, w := io.Pipe()
	var wg sync.WaitGroup
	wg.Go(func() {
		if _, err := p.Put(t.Context(), "a", r, PutOptions{IfExists: false}); err != nil {
			t.Error(err)
		}
	})
	w.Write(data)
	for {
		if h, _, err := p.readHead(t.Context(), "a"); err != nil || len(h.notes) == 1 {
			break
		}
	}
	mustFail(t, p.Remove(t.Context(), "a"), nil)
	_, err := p.Stat(t.Context(), "a")
	mustFail(t, err, ErrNotFound)
	w.Close()
	wg.Wait()
	mustGet(t, p, "a", data)
	if len(f.names(piecesPrefix)) != 2 {
		t.Errorf("pieces: %q", f.names(piecesPrefix))
	}
}

// A reader has the manifest of an object that is then replaced. It begins again, if nothing was given out, or what was
// can be taken back.
func TestReplacedWhileRead(t *testing.T) {
	t.Parallel()
	f, p := demo(t, func(c *Config) { c.Parallel = 1 })
	put(t, p, "a", bytesOf(1, 3*piece))
	data := bytesOf(2, 2*piece)
	var once sync.Once
	replace := func() { once.Do(func() { put(t, p, "a", data) }) }
	_, err := p.GetTo(t.Context(), "a", writer(replace))
	mustFail(t, err, ErrChanged)

	once = sync.Once{}
	put(t, p, "a", bytesOf(1, 3*piece))
	m := &takesBack{do: replace}
	if _, err := p.GetTo(t.Context(), "a", m); err != nil || !bytes.Equal(m.Bytes(), data) {
		t.Errorf("%d bytes, %v", m.Len(), err)
	}
	_ = f
}

type writer func()

func (w writer) Write(b []byte) (int, error) { w(); return len(b), nil }

type takesBack struct {
	memory
	do func()
}

func (m *takesBack) Write(b []byte) (int, error) { m.do(); return m.memory.Write(b) }

// Bytes that are not what was put are never given out as if they were.
func TestDamage(t *testing.T) {
	t.Parallel()
	f, p := demo(t)
	put(t, p, "small", bytesOf(1, 100))
	put(t, p, "big", bytesOf(1, piece+100))
	f.mu.Lock()
	for _, o := range f.objects {
		if len(o.data) > 0 {
			o.data[50]++
		}
	}
	f.mu.Unlock()
	for _, name := range []string{"small", "big"} {
		_, _, err := p.Get(t.Context(), name)
		mustFail(t, err, ErrDamaged)
	}
	for _, name := range f.names(piecesPrefix) {
		if strings.Contains(name, ".00000001.") {
			_, _, err := p.pieces().write(t.Context(), name, step(wire.StepRemove))
			mustFail(t, err, nil)
		}
	}
	_, _, err := p.Get(t.Context(), "big")
	mustFail(t, err, ErrDamaged)
}

// Large puts and removes of one object, all at once: what is left is one of them, whole, and no piece more.
func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	f, p := demo(t)
	var wg sync.WaitGroup
	sums := map[string]bool{}
	for i := range 6 {
		data := bytesOf(uint64(i+1), piece+i*100+1)
		sums[sumOf(data)] = true
		wg.Go(func() {
			for {
				if _, err := p.Put(t.Context(), "a", bytes.NewReader(data), PutOptions{}); err == nil {
					return
				} else if !errors.Is(err, ErrMismatch) {
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Go(func() {
		for range 5 {
			if err := p.Remove(t.Context(), "a"); err != nil && !errors.Is(err, ErrNotFound) && !errors.Is(err, ErrMismatch) {
				t.Error(err)
			}
		}
	})
	wg.Wait()
	_, info, err := p.Get(t.Context(), "a")
	if errors.Is(err, ErrNotFound) {
		return
	}
	if err != nil || !sums[info.Sum] || len(f.names(piecesPrefix)) != 2 {
		t.Errorf("%+v, %v, %d pieces", info, err, len(f.names(piecesPrefix)))
	}
}

// The sizes of real clusters, where an object in one piece may take more than one request.
func TestRealSizes(t *testing.T) {
	t.Parallel()
	_, p := demo(t)
	p.c.piece = PieceSize
	for i, size := range []int{blindBytes + 1, firstBytes, firstBytes + 1, PieceSize, PieceSize + 1, 300_000} {
		data := bytesOf(uint64(i), size)
		put(t, p, "a", data)
		mustGet(t, p, "a", data)
	}
	whole := bytesOf(9, firstBytes+2*PieceSize+5)
	_, _, err := p.write(t.Context(), "long", writeFull(whole))
	mustFail(t, err, nil)
	mustGet(t, p, "long", whole)
}
