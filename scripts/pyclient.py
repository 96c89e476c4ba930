#!/usr/bin/env python3
"""A client of Zeph in Python, on libzmq, written from docs/wire.md.

usage: pyclient.py [--cluster FILE] map                     the epoch of the osdmap, and its size
       pyclient.py [--cluster FILE] where POOL/OBJECT       the placement, which a monitor works out
       pyclient.py [--cluster FILE] put POOL/OBJECT [FILE]  from a file, or standard input
       pyclient.py [--cluster FILE] get POOL/OBJECT [FILE]  to a file, or standard output

It keeps no map and computes no placement: a monitor tells where an object is. An object is one
message here, of at most 16 MiB; the client library in Go keeps what is larger in pieces, with a manifest.
"""
import argparse
import json
import os
import random
import re
import sys
import time

import zmq

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "pkg", "messenger", "zmq", "testdata"))

from zephsession import Refused, Session  # noqa: E402
from zephwire import FAILED, REPLY  # noqa: E402

WRITE, READ, GET_MAPS, COMMAND = 6, 7, 21, 31         # types of messages
MAY_READ, MAY_WRITE, ADMIN = 1, 2, 8                  # what a request needs
WRITE_FULL, IS_VERSION, READ_RANGE = 3, 15, 17        # steps
BUSY, CLOSING, NOT_FOUND, MISMATCH = 14, 15, 19, 21   # errors
WRONG_PRIMARY, INTERRUPTED, NO_QUORUM, OVERTAKEN = 22, 23, 27, 28
AGAIN = (BUSY, CLOSING, WRONG_PRIMARY, INTERRUPTED, NO_QUORUM, OVERTAKEN)
PIECE = 4 << 20                                       # bytes that one read asks for


class Gone(Exception):
    """There is no answer. Whether the request was carried out, nobody knows."""


class Link:
    """A session of one class with one daemon."""

    def __init__(self, client, endpoint, of, deadline):
        self.session = Session(client.name, client.gid, client.fsid)
        self.socket = s = client.context.socket(zmq.DEALER)
        s.linger, s.immediate = 0, 1
        s.reconnect_ivl = -1  # on a new connection we would have to say hello again
        s.connect(endpoint)
        self._send(self.session.hello(of), deadline)
        self.session.welcomed(self._receive(deadline))

    def call(self, type, body, bulk, request, need, expect, epoch, deadline):
        """Sends a request and waits for its answer: body and bulk."""
        self.session.post(type, body, bulk, request, expect=expect, need=need, epoch=epoch)
        while True:
            for frame in self.session.outgoing():
                self._send(frame, deadline)
            message = self.session.take(self._receive(deadline))
            if message is None or not message[0].flags & REPLY or message[0].request != request:
                continue  # credit, maps for whoever keeps one, an answer that came too late
            header, body, bulk = message
            if header.flags & FAILED:
                raise Refused(body)
            return body, bulk

    def _send(self, frame, deadline):
        if not self.socket.poll(_left(deadline), zmq.POLLOUT):
            raise Gone("no connection")
        self.socket.send(frame)

    def _receive(self, deadline):
        if not self.socket.poll(_left(deadline), zmq.POLLIN):
            raise Gone("no answer")
        return self.socket.recv()

    def close(self):
        self.socket.close()


def _left(deadline):
    """Milliseconds until then."""
    return max(0, int(1000 * (deadline - time.monotonic())))


class Client:
    """One run of a client: its gid is new each time, and its request ids are never used again."""

    def __init__(self, cluster, name="client.py", patience=30):
        with open(cluster, encoding="utf-8") as f:
            text = f.read()
        self.fsid = bytes.fromhex(re.search(r"^fsid:\s*([0-9a-f-]{36})", text, re.M)[1].replace("-", ""))
        self.monitors = re.findall(r"\bcontrol:\s*\"?(tcp://[^\s,\"}]+)", text)
        self.name, self.gid, self.patience = name, random.SystemRandom().getrandbits(63) + 1, patience
        self.context, self.requests, self.links = zmq.Context(), 0, {}

    def _call(self, endpoint, of, *args, wait=5.0):
        """A request to a daemon, on the session that there is with it or a new one."""
        deadline = time.monotonic() + wait
        try:
            if (endpoint, of) not in self.links:
                self.links[endpoint, of] = Link(self, endpoint, of, deadline)
            return self.links[endpoint, of].call(*args, deadline)
        except Gone:
            link = self.links.pop((endpoint, of), None)
            if link:
                link.close()
            raise

    def _request(self):
        self.requests += 1
        return self.requests

    def _until_done(self, attempt):
        """Tries again what may be tried again, until our patience ends."""
        end, resend = time.monotonic() + self.patience, False
        while True:
            try:
                return attempt(resend)
            except (Gone, Refused) as e:
                if isinstance(e, Refused) and e.code not in AGAIN or time.monotonic() > end:
                    raise
                resend = resend or isinstance(e, Gone) or e.code == INTERRUPTED
            time.sleep(0.1)

    def _ask_monitor(self, *args):
        """Asks the monitors in turn, the one that answered last first."""

        def attempt(_):
            for _ in self.monitors:
                try:
                    return self._call(self.monitors[0], "control", *args, wait=2.0)
                except Gone:
                    self.monitors.append(self.monitors.pop(0))
            raise Gone("no monitor answers")

        return self._until_done(attempt)

    def map(self):
        """Epoch and encoding of the newest osdmap, which comes in parts."""
        encoded, epoch = b"", 0
        while True:
            body = {2: True, **({3: epoch} if epoch else {}), **({4: len(encoded)} if encoded else {})}
            body, part = self._ask_monitor(GET_MAPS, body, b"", self._request(), MAY_READ, 1 << 20, 0)
            epoch, encoded = body[4], encoded + bytes(part)
            if len(encoded) >= body.get(5, 0):
                return epoch, encoded

    def command(self, name, **args):
        """A command to the monitors. The answer is JSON, or None."""
        body = {1: name, 2: [{1: k, 2: v} for k, v in args.items()]}
        _, answer = self._ask_monitor(COMMAND, body, b"", self._request(), ADMIN, 1 << 19, 0)
        return json.loads(bytes(answer)) if answer else None

    def where(self, pool, name):
        """The placement of an object: its PG, the OSDs, and where the primary listens."""
        return self.command("pg map", pool=pool, object=name)

    def _primary(self, pool, name):
        """The placement of an object that somebody serves, its PG as messages have it, and an endpoint."""
        at = self.where(pool, name)
        if at["primary"] < 0:
            raise Gone(f"pg {at['pg']} has no primary now")
        return at, {1: at["pool_id"], 2: at["pg_seed"]}, at["primary_addrs"]["public.data"]

    def put(self, pool, name, data):
        """Replaces an object. It happens once, however often it is sent: the request id and the floor stay."""
        request, floor = self._request(), None

        def attempt(resend):
            nonlocal floor
            at, pg, endpoint = self._primary(pool, name)
            floor = floor or {1: at["epoch"], 2: 0}
            body = {1: pg, 4: name, 5: 5000, 6: [{1: WRITE_FULL, 3: len(data)}], 7: floor}
            if resend:
                body[8] = True
            return self._call(endpoint, "data", WRITE, body, data, request, MAY_WRITE, 0, at["epoch"])

        body, _ = self._until_done(attempt)
        _succeeded(body.get(2, []))
        return body[1]

    def get(self, pool, name):
        """Reads an object, from one version of it."""
        while True:
            try:
                return self._get(pool, name)
            except Refused as e:
                if e.code != MISMATCH:
                    raise  # else it was replaced while we read: begin again

    def _get(self, pool, name):
        data, size, version = b"", None, None
        while size is None or len(data) < size:
            steps = [{1: READ_RANGE, 2: len(data), 3: PIECE}]
            if version:
                steps.insert(0, {1: IS_VERSION, 5: version})

            def attempt(_):
                at, pg, endpoint = self._primary(pool, name)
                body = {1: pg, 4: name, 5: 5000, 6: steps}
                return self._call(endpoint, "data", READ, body, b"", self._request(), MAY_READ, PIECE, at["epoch"])

            body, part = self._until_done(attempt)
            _succeeded(body.get(4, []))
            size, version, data = body.get(2, 0), body.get(1), data + bytes(part)
        return data


def _succeeded(results):
    for r in results:
        if r.get(1):
            raise Refused({1: r[1], 2: "no such object" if r[1] == NOT_FOUND else "the object changed" if r[1] == MISMATCH else ""})


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("--cluster", default=os.environ.get("ZEPH_CLUSTER", "zeph.yaml"))
    p.add_argument("verb", choices=["map", "where", "put", "get"])
    p.add_argument("object", nargs="?", default="")
    p.add_argument("file", nargs="?")
    args = p.parse_args()
    client = Client(args.cluster)
    if args.verb == "map":
        epoch, encoded = client.map()
        print(f"epoch {epoch}, {len(encoded)} bytes")
        return
    pool, slash, name = args.object.partition("/")
    if not slash or not name:
        p.error(f"{args.object!r}: expected POOL/OBJECT")
    if args.verb == "where":
        print(json.dumps(client.where(pool, name), indent=2))
    elif args.verb == "put":
        with open(args.file, "rb") if args.file else sys.stdin.buffer as f:
            version = client.put(pool, name, f.read())
        print(f"{args.object}: version {version[1]}.{version[2]}", file=sys.stderr)
    else:
        data = client.get(pool, name)
        with open(args.file, "wb") if args.file else sys.stdout.buffer as f:
            f.write(data)


if __name__ == "__main__":
    try:
        main()
    except (Refused, Gone) as e:
        sys.exit(f"pyclient: {e}")
