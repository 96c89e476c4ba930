package core

import "zeph/pkg/wire"

// Stop is the event that asks a daemon to end, as SIGTERM does. The core stops serving, says
// goodbye and then asks for Exit. A world waits so long, and then ends without.
type Stop struct{}

// Ready says that the daemon serves: whoever started it need not wait any longer. Once is enough.
type Ready struct{}

// Rename makes the daemon another run of itself. What is sent after it goes under the new gid, by
// new sessions, and peers reach it under that alone. The addresses stay. The old sessions end: calls
// under way with ErrReset, and each with a SessionReset; requests of theirs that were Received may be
// ended as ever, but nobody hears. Of what peers send to the old run nothing comes that had not
// arrived by then.
//
// Before its first Rename a daemon has the gid that its world gave it. An OSD renames itself when
// it has noted a new gid, before it boots under it (protocol 1.1 to 1.4).
type Rename struct {
	GID wire.GID
}
