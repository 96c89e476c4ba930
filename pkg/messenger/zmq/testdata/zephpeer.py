"""A Zeph daemon or client on libzmq, for the tests of interoperation.

usage: zephpeer.py bind|connect NAME GID [heartbeat=MS] PLACE=ENDPOINT...

PLACE is a class (DEALER to ROUTER), hints (SUB to PUB) or reports (PUSH to PULL). What happens is
printed line by line, and commands are read likewise, until the input ends. It connects again and
says hello by itself.

    reconnect               nothing, see above
    call PLACE SIZE COUNT   so many echoes at once, of so many bytes  → answered PLACE SIZE COUNT
    note PLACE TEXT         one way
    blank PLACE             a frame without a byte, which is no message
    publish TYPE TEXT       a hint; notes and echoes are subscribed to
    forget                  unsubscribes from notes
    report TEXT             quoting the session of place control
"""
import os
import sys

import zmq
from zmq.utils.monitor import parse_monitor_message

from zephsession import Refused, Session, hint, topic
from zephwire import ECHO, FAILED, NOTE, REPLY, unpack

BINDS, CONNECTS = {"hints": zmq.PUB, "reports": zmq.PULL}, {"hints": zmq.SUB, "reports": zmq.PUSH}
PATTERN = bytes(range(251)) * 70000


def say(*words):
    print(*words, flush=True)


def content(request, size):
    """The bulk of a call, which differs from one to the next."""
    return PATTERN[request % 251:][:size]


class Place:
    """A socket, with who connects and disconnects."""

    def __init__(self, peer, name, endpoint):
        self.peer, self.name = peer, name
        kinds, otherwise = (BINDS, zmq.ROUTER) if peer.binds else (CONNECTS, zmq.DEALER)
        self.socket = s = peer.context.socket(kinds.get(name, otherwise))
        s.linger, s.reconnect_ivl, s.immediate, s.sndtimeo = 0, 10, 1, 10000
        if peer.heartbeat:
            s.heartbeat_ivl, s.heartbeat_timeout = peer.heartbeat, 3 * peer.heartbeat
        if s.type == zmq.SUB:
            s.subscribe(topic(NOTE))
            s.subscribe(topic(ECHO))
        self.monitor = s.get_monitor_socket(zmq.EVENT_HANDSHAKE_SUCCEEDED | zmq.EVENT_DISCONNECTED)
        if ":[" in endpoint or "/[" in endpoint:
            s.ipv6 = 1
        if peer.binds:
            s.bind(endpoint)
            say("bound", name, s.getsockopt(zmq.LAST_ENDPOINT).rstrip(b"\0").decode())
        else:
            s.connect(endpoint)
        self.sessions = {}  # by the peer's routing id; None is where we dialled

    def watched(self):
        event = parse_monitor_message(self.monitor.recv_multipart())["event"]
        if event == zmq.EVENT_DISCONNECTED:
            say("disconnected", self.name)
            if not self.peer.binds:
                self.sessions.clear()
            return
        say("connected", self.name)
        if self.socket.type == zmq.DEALER:
            session = self.sessions[None] = self.session()
            self.socket.send(session.hello(self.name))

    def session(self):
        if self.name == "control":
            return Session(self.peer.name, self.peer.gid, longest=1 << 20, holds=4 << 20)
        return Session(self.peer.name, self.peer.gid)

    def arrived(self):
        if self.socket.type == zmq.ROUTER:
            sender, frame = self.socket.recv_multipart()
        else:
            sender, frame = None, self.socket.recv()
        try:
            {"hints": self.hinted, "reports": self.reported}.get(self.name, self.sessioned)(sender, frame)
        except Refused as e:
            say("refused", self.name, e.code, e.text)

    def sessioned(self, sender, frame):
        session = self.sessions.get(sender)
        if self.peer.binds and (session is None or not any(unpack(frame)[0].session)):
            session = self.sessions[sender] = self.session()
            self.send(sender, session.welcome(frame, self.name))
        elif session is None or any(session.id) and unpack(frame)[0].session != session.id:
            return  # it came by a connection that has ended
        elif session.peer is None:
            session.welcomed(frame)
        else:
            message = session.take(frame)
            if message:
                self.handle(session, *message)
            return self.pump(sender)
        say("session", self.name, *session.peer)

    def handle(self, session, header, body, bulk):
        if header.flags & REPLY:
            self.peer.answered(self.name, header, body, bulk)
        elif header.type == ECHO and header.request:
            session.post(ECHO, body, bulk, header.request, REPLY)
        elif header.type == NOTE:
            say("note", self.name, header.entity, body[1])

    def hinted(self, _, frame):
        header, body, _ = unpack(frame)
        say("hint", header.entity, header.type, body[1])

    def reported(self, _, frame):
        header, body, _ = unpack(frame)
        sessions = self.peer.places["control"].sessions.values()
        known = any((s.id, *s.peer) == (header.session, header.entity, header.gid) for s in sessions)
        say("report" if known else "stray report", header.entity, body[1])

    def pump(self, to):
        for frame in self.sessions[to].outgoing():
            self.send(to, frame)

    def send(self, to, frame):
        self.socket.send_multipart([frame] if to is None else [to, frame])


class Peer:
    def __init__(self, role, name, gid, *settings):
        self.binds, self.name, self.gid = role == "bind", name, int(gid)
        settings = dict(s.split("=", 1) for s in settings)
        self.heartbeat = int(settings.pop("heartbeat", 0))
        self.context, self.counter, self.request = zmq.Context(), 0, 0
        self.calls = {}  # request id → (place, size, how many are left of the batch)
        self.places = {name: Place(self, name, endpoint) for name, endpoint in settings.items()}

    def run(self):
        poller, typed = zmq.Poller(), b""
        handlers = {sys.stdin.fileno(): None}
        for p in self.places.values():
            handlers[p.monitor] = p.watched
            if p.socket.type not in (zmq.PUB, zmq.PUSH):
                handlers[p.socket] = p.arrived
        for h in handlers:
            poller.register(h, zmq.POLLIN)
        while True:
            ready = dict(poller.poll())
            for h in ready:
                if handlers[h]:
                    handlers[h]()
            if sys.stdin.fileno() in ready:
                more = os.read(sys.stdin.fileno(), 4096)
                if not more:
                    return
                *lines, typed = (typed + more).split(b"\n")
                for line in lines:
                    command, *words = line.decode().split()
                    getattr(self, command)(*words)

    def reconnect(self):
        pass

    def call(self, place, size, count):
        left = [int(count)]
        for _ in range(int(count)):
            self.request += 1
            self.calls[self.request] = (int(size), int(count), left)
            bulk = content(self.request, int(size))
            self.places[place].sessions[None].post(ECHO, {1: "hi"}, bulk, self.request, expect=int(size))
        self.places[place].pump(None)

    def answered(self, place, header, body, bulk):
        size, count, left = self.calls.pop(header.request)
        if header.flags & FAILED:
            say("failed", place, body[1], body.get(2, ""))
        elif header.type != ECHO or body != {1: "hi"} or bulk != content(header.request, size):
            say("wrong answer", place, header)
        left[0] -= 1
        if not left[0]:
            say("answered", place, size, count)

    def note(self, place, text):
        for sender, session in self.places[place].sessions.items():
            session.post(NOTE, {1: text})
            self.places[place].pump(sender)

    def blank(self, place):
        self.places[place].send(None, b"")

    def publish(self, type, text):
        self.counter += 1
        self.places["hints"].send(None, hint(self.name, self.gid, self.counter, int(type), {1: text}))

    def forget(self):
        self.places["hints"].socket.unsubscribe(topic(NOTE))

    def report(self, text):
        self.counter += 1
        self.places["reports"].send(None, self.places["control"].sessions[None].report(self.counter, NOTE, {1: text}))


Peer(*sys.argv[1:]).run()
