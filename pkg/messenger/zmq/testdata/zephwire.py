"""Zeph's messages as bytes: a header of 128, a body in CBOR, and bulk. docs/wire.md has it all.

    frame = pack(Header(type=NOTE, entity="client.py", gid=7), {1: "hello"})
    header, body, bulk = unpack(frame)
"""
import dataclasses
import struct

MAGIC, VERSION = b"ZEPH", 1
NONE, PUBLISHED = 0, 3                                       # modes
HELLO, CREDIT, PING, ECHO, NOTE = 1, 2, 3, 4, 5              # types
REPLY, FAILED, ORIGIN, MUST_UNDERSTAND = 1, 2, 4, 8          # flags
KINDS = {"mon": 1, "osd": 2, "client": 3}                    # by the part of a name before its dot
CLASSES = {"control": 0, "data": 1, "bulk": 2, "heartbeat": 3}
LAYOUT = struct.Struct("<4sBBHIBBH16sQQQQ32sIIQ16s")         # the fields below, behind magic and version


class Malformed(ValueError):
    """The bytes are no message, or their body is no CBOR that a message may have."""


@dataclasses.dataclass
class Header:
    """The fixed part of a message, in the order of its bytes. pack() sees to payload, kind and body."""
    mode: int = NONE
    type: int = 0
    payload: int = 0            # bytes of body and bulk
    need: int = 0               # authority: 1 read, 2 write, 4 exec, 8 admin
    kind: int = 0               # of the sender
    flags: int = 0
    session: bytes = bytes(16)
    counter: int = 0
    request: int = 0            # 0: one way
    clock: int = 0              # milliseconds since 1970
    gid: int = 0                # of this run of the sender
    entity: str = ""            # the sender's name
    epoch: int = 0
    body: int = 0               # bytes of CBOR
    trace: int = 0
    caps: bytes = bytes(16)


def pack(header, body, bulk=b""):
    """The frame of a message. The body is a dict with integer keys; header is filled in."""
    encoded = dumps(body)
    if len(header.entity) > 32:
        raise ValueError(f"entity {header.entity}: at most 32 characters fit")
    header.kind = KINDS[header.entity.partition(".")[0]]
    header.body, header.payload = len(encoded), len(encoded) + len(bulk)
    fields = [getattr(header, f.name) for f in dataclasses.fields(header)]
    return LAYOUT.pack(MAGIC, VERSION, *(f.encode() if isinstance(f, str) else f for f in fields)) + encoded + bulk


def unpack(frame):
    """Header, body and bulk of a frame; the bulk is a view of it."""
    if len(frame) < LAYOUT.size:
        raise Malformed(f"a frame of {len(frame)} bytes")
    magic, version, *fields = LAYOUT.unpack_from(frame)
    if (magic, version) != (MAGIC, VERSION):
        raise Malformed(f"magic {magic}, version {version}")
    header = Header(*fields)
    header.entity = header.entity.rstrip(b"\0").decode("ascii")
    if LAYOUT.size + header.payload != len(frame) or header.body > header.payload:
        raise Malformed(f"body of {header.body}, payload of {header.payload}, frame of {len(frame)} bytes")
    view = memoryview(frame)[LAYOUT.size:]
    body = loads(bytes(view[:header.body]))
    if not isinstance(body, dict):
        raise Malformed("the body is not a map")
    return header, body, view[header.body:]


def dumps(value):
    """Deterministic CBOR of an int, bool, bytes, str, list or dict of these."""
    if isinstance(value, bool):
        return b"\xf5" if value else b"\xf4"
    if isinstance(value, int):
        return _head(0, value) if value >= 0 else _head(1, -1 - value)
    if isinstance(value, (bytes, bytearray, memoryview)):
        return _head(2, len(value)) + bytes(value)
    if isinstance(value, str):
        return _head(3, len(value.encode())) + value.encode()
    if isinstance(value, (list, tuple)):
        return _head(4, len(value)) + b"".join(map(dumps, value))
    pairs = sorted((dumps(k), dumps(v)) for k, v in value.items())
    return _head(5, len(pairs)) + b"".join(k + v for k, v in pairs)


def _head(major, n):
    """What an item begins with: its major type and a number, in as few bytes as it goes."""
    if n < 24:
        return bytes([major << 5 | n])
    size = next(i for i in range(4) if n < 1 << (8 << i))
    return bytes([major << 5 | 24 + size]) + n.to_bytes(1 << size, "big")


def loads(data):
    """The value that CBOR stands for. It must be all of the data."""
    try:
        value, end = _item(data, 0, 8)
    except (IndexError, UnicodeDecodeError, TypeError) as e:
        raise Malformed(f"CBOR: {e}") from e
    if end != len(data):
        raise Malformed(f"{len(data) - end} bytes behind the CBOR")
    return value


def _item(data, at, depth):
    """The item at an offset, and the offset behind it. Depth is how many levels more there may be."""
    major, n, at = data[at] >> 5, data[at] & 31, at + 1
    if major == 7 and n in (20, 21):
        return n == 21, at
    if depth < 0 or major > 5 or n > 27:
        raise Malformed("CBOR that is nested too deeply, or of a kind that no message has")
    if n > 23:
        at, size = at + (1 << n - 24), 1 << n - 24
        n = int.from_bytes(_slice(data, at - size, size), "big")
    if major < 2:
        return (-1 - n if major else n), at
    if major < 4:
        chunk = _slice(data, at, n)
        return (chunk.decode() if major == 3 else chunk), at + n
    items = []
    for _ in range(n if major == 4 else 2 * n):
        item, at = _item(data, at, depth - 1)
        items.append(item)
    if major == 4:
        return items, at
    pairs = dict(zip(items[::2], items[1::2]))
    if len(pairs) != n:
        raise Malformed("CBOR map with a key twice")
    return pairs, at


def _slice(data, at, n):
    if at + n > len(data):
        raise Malformed("CBOR that is cut short")
    return data[at:at + n]
