"""A libzmq socket's part of the conversations in interop_test.go.

usage: peer.py TYPE bind|connect ENDPOINT

Prints the endpoint when it has bound, then what it hears. Ends when its input does.
"""
import select
import sys

import zmq

kind, role, endpoint = sys.argv[1:]
sock = zmq.Context().socket(getattr(zmq, kind))
sock.linger = 0
sock.rcvtimeo = sock.sndtimeo = 20000  # ms
if kind == "SUB":
    sock.subscribe(b"")
if role == "bind":
    sock.bind(endpoint)
    print(sock.getsockopt(zmq.LAST_ENDPOINT).rstrip(b"\0").decode(), flush=True)
else:
    sock.connect(endpoint)


def over(seconds):
    """Whether the other side is done, waiting for so long."""
    return bool(select.select([sys.stdin], [], [], seconds)[0])


def hear():
    print(sock.recv().decode(), flush=True)


if kind == "ROUTER":
    sender, text = sock.recv_multipart()
    print(text.decode(), flush=True)
    sock.send_multipart([sender, b"pong"])
elif kind == "DEALER":
    sock.send(b"ping")
    hear()
elif kind == "XPUB":
    assert sock.recv() == b"\x01"
    sock.send(b"news")
elif kind == "PUB":
    while not over(0.005):  # who subscribes, and when, it is not told
        sock.send(b"news")
elif kind == "XSUB":
    sock.send(b"\x01")
    hear()
elif kind in ("SUB", "PULL"):
    hear()
elif kind == "PUSH":
    sock.send(b"news")
elif kind == "REQ":
    sock.send(b"ping")
over(20)
