"""What two ends of a connection say to each other from a hello on: docs/wire.md, "Sessions".

It opens no sockets. Frames come and go as bytes, so that one may put it on any event loop.

    s = Session("client.py", gid=7)          # who dials         s = Session("osd.1", gid=9)    # who listens
    send(s.hello("data"))                                        send(s.welcome(receive(), "data"))
    s.welcomed(receive())
    s.post(ECHO, {1: "hi"}, request=1)       # both, from then on
    for frame in s.outgoing(): send(frame)
    message = s.take(receive())              # (header, body, bulk), or None: nothing for you
"""
import collections
import os
import struct
import time

from zephwire import CLASSES, CREDIT, FAILED, HELLO, LAYOUT, MAGIC, MUST_UNDERSTAND, PUBLISHED, REPLY, VERSION
from zephwire import Header, Malformed, dumps, pack, unpack

SOFTWARE = "zephpy"
LONGEST = (16 << 20) + (64 << 10)  # bytes of a message that we accept
WINDOW = 32 << 20                  # bytes that we hold of what the peer sent; well over the longest message
ALLOWANCE = 128 + 4096             # bytes that an answer may have besides the bulk that was asked for


class Refused(Exception):
    """The peer answered with an error. It has a code, which docs/wire.md lists, and a text."""

    def __init__(self, body):
        self.code, self.text = body[1], body.get(2, "")
        super().__init__(f"error {self.code}: {self.text}")


class Session:
    """One end of a session. Messages wait in it until the peer's window has room for them."""

    def __init__(self, entity, gid, fsid=b"", longest=LONGEST, holds=WINDOW):
        self.entity, self.gid, self.fsid = entity, gid, fsid
        self.longest, self.holds = longest, holds
        self.id, self.peer = bytes(16), None            # until the welcome
        self.counter = self.heard = 0                   # of the last message, by direction
        self.sent = self.done = self.window = 0         # bytes: ours, what of them is dealt with, what may not be
        self.received = self.told = 0                   # bytes: theirs, what of them we said is dealt with
        self.replies = self.expected = 0                # bytes of answers: that the peer queues, that we wait for
        self.calls = {}                                 # request id → how many of them it expects
        self.queue = collections.deque()

    def hello(self, of, to="", to_gid=0):
        """The first frame of who dialled."""
        body = {1: CLASSES[of], 2: self.fsid, 4: self.longest, 5: self.holds, 6: to, 7: to_gid, 8: SOFTWARE}
        return self._stamp(Header(type=HELLO, request=1), _said(body))

    def welcomed(self, frame):
        """Takes in the answer to our hello. The session is open then."""
        header, body, _ = unpack(frame)
        if header.type != HELLO or not header.flags & REPLY or header.request != 1 or header.counter != 1:
            raise Malformed(f"{header} instead of a welcome")
        if header.flags & FAILED:
            raise Refused(body)
        if header.session != body[1] or body[1] == bytes(16):
            raise Malformed("a welcome to two sessions, or none")
        self._open(header, body[1], body[5], body[6])

    def welcome(self, frame, of):
        """Takes in the hello of who dialled us at a class, and is the answer."""
        header, body, _ = unpack(frame)
        if header.type != HELLO or header.flags & ~MUST_UNDERSTAND or not header.request or header.counter != 1 or any(header.session):
            raise Malformed(f"{header} instead of a hello")
        if body[1] != CLASSES[of]:
            raise Malformed(f"a hello of class {body[1]}")
        self._open(header, os.urandom(16), body[5], 0)
        answer = {1: self.id, 2: self.fsid, 4: self.longest, 5: self.holds, 6: self.holds, 7: SOFTWARE}
        return self._stamp(Header(type=HELLO, flags=REPLY, request=header.request), _said(answer))

    def _open(self, header, session, window, replies):
        self.id, self.peer, self.heard = session, (header.entity, header.gid), 1
        self.window, self.replies = window, replies

    def post(self, type, body, bulk=b"", request=0, flags=0, expect=0, need=0, epoch=0):
        """Queues a message. A request names the bytes of bulk that its answer may bring."""
        self.queue.append((Header(type=type, request=request, flags=flags, need=need, epoch=epoch), body, bulk, expect))

    def outgoing(self):
        """The frames that may go now."""
        while self.queue:
            header, body, bulk, expect = self.queue[0]
            size = LAYOUT.size + len(dumps(body)) + len(bulk)
            cost = ALLOWANCE + expect if header.request and not header.flags & REPLY else 0
            if not self._room(size, cost):
                break
            self.queue.popleft()
            self.sent += size
            if cost:
                self.calls[header.request] = cost
                self.expected += cost
            yield self._stamp(header, body, bulk)
        if self.received - self.told >= self.holds // 4:
            self.told = self.received
            yield self._stamp(Header(type=CREDIT), {1: self.told})

    def _room(self, size, cost):
        """One message may always be under way, and one call."""
        under = self.sent - self.done
        return (not under or under + size <= self.window) and (not cost or not self.expected or self.expected + cost <= self.replies)

    def take(self, frame):
        """Checks a frame. None is what the session itself wanted to know."""
        header, body, bulk = unpack(frame)
        if (header.session, header.entity, header.gid) != (self.id, *self.peer) or header.mode or header.counter <= self.heard:
            raise Malformed(f"not of this session: {header}")
        self.heard = header.counter
        if header.type == CREDIT:
            if not self.done <= body[1] <= self.sent:
                raise Malformed(f"credit for {body[1]} bytes of {self.sent}")
            self.done = body[1]
            return None
        self.received += len(frame)
        if header.flags & REPLY:
            if header.flags & FAILED and not header.request:
                raise Refused(body)  # and that was the session
            self.expected -= self.calls.pop(header.request, 0)
        return header, body, bulk

    def _stamp(self, header, body, bulk=b""):
        self.counter += 1
        header.counter, header.session = self.counter, self.id
        header.entity, header.gid, header.clock = self.entity, self.gid, int(time.time() * 1000)
        return pack(header, body, bulk)

    def report(self, counter, type, body, bulk=b""):
        """A report, which quotes this session of class control. It has a counter of its own."""
        header = Header(type=type, session=self.id, counter=counter, entity=self.entity, gid=self.gid)
        return pack(header, body, bulk)


def _said(body):
    """A body without what is empty, but for its first field."""
    return {k: v for k, v in body.items() if v or k == 1}


def hint(entity, gid, counter, type, body, bulk=b""):
    """What the run gid of a daemon publishes, for whoever subscribed to topic(type)."""
    session = gid.to_bytes(8, "little") + bytes(8)
    header = Header(mode=PUBLISHED, type=type, session=session, counter=counter, entity=entity, gid=gid)
    return pack(header, body, bulk)


def topic(type):
    """What to subscribe to, to be told the hints of a type."""
    return struct.pack("<4sBBH", MAGIC, VERSION, PUBLISHED, type)
