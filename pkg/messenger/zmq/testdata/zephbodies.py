"""Reads CBOR in hexadecimal, a line each, and prints what zephwire makes of it, or "malformed"."""
import sys

from zephwire import Malformed, dumps, loads

for line in sys.stdin:
    try:
        print(dumps(loads(bytes.fromhex(line))).hex())
    except Malformed:
        print("malformed")
