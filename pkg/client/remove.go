package client

import (
	"context"
	"errors"
	"io"

	"zeph/pkg/wire"
)

// Remove removes an object, with its attributes and its omap.
func (p Pool) Remove(ctx context.Context, name string) error {
	for range maxTries {
		h, _, err := p.readHead(ctx, name)
		if err == nil && !h.exists() {
			err = ErrNotFound
		}
		if err != nil {
			return p.fail("remove", name, err)
		}
		_, _, err = p.write(ctx, name, h.emptied())
		if err == nil {
			if h.manifest != nil {
				p.removePieces(ctx, name, h.manifest)
			}
			return nil
		}
		if !raced(err) {
			return p.fail("remove", name, err)
		}
	}
	return p.fail("remove", name, errBusy)
}

// emptied are the steps that remove an object: but for the notes of puts that are under way, which may still come
// to their end.
func (h *head) emptied() steps {
	if len(h.notes) == 0 {
		return all(h.same(), step(wire.StepRemove))
	}
	list := []steps{h.same(), writeFull(nil), setXattr(attrKind, []byte(kindVoid)), setXattr(attrSum, nil), step(wire.StepClearOmap)}
	for _, a := range h.attrs {
		list = append(list, withName(wire.StepRemoveXattr, a.Name, nil))
	}
	if h.manifest != nil {
		list = append(list, withName(wire.StepRemoveXattr, attrManifest, nil))
	}
	return all(list...)
}

// Copy copies an object's bytes and attributes, but not its omap, over another one or to a new one, in this pool or
// another. The bytes go through this program, a few pieces at a time.
func (p Pool) Copy(ctx context.Context, name string, to Pool, toName string, opt PutOptions) (Info, error) {
	for {
		info, err := p.copyOnce(ctx, name, to, toName, opt)
		if !errors.Is(err, ErrChanged) || ctx.Err() != nil {
			return info, err
		}
	}
}

func (p Pool) copyOnce(ctx context.Context, name string, to Pool, toName string, opt PutOptions) (Info, error) {
	attrs, err := p.Xattrs(ctx, name)
	if err != nil {
		return Info{}, err
	}
	for k, v := range opt.Xattrs {
		attrs[k] = v
	}
	opt.Xattrs = attrs
	ctx, cancel := context.WithCancel(ctx)
	r, w := io.Pipe()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_, err := p.GetTo(ctx, name, w)
		w.CloseWithError(err)
	}()
	info, err := to.Put(ctx, toName, r, opt)
	cancel()
	r.Close()
	<-ended
	return info, err
}
