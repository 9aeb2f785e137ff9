"""Stable draws: which bucket of 0..9999 a customer falls into under a salt, and who is held out by it.

A block of 4,096 consecutive ids shares one SHAKE-128 of the salt and the block number; each id owns four bytes of it.
So a draw needs no table, is the same on every machine, and costs microseconds per thousand customers.
"""

import hashlib
import struct
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from math import ceil

from pyroaring import BitMap

BUCKETS = 10_000
_BLOCK = 4_096
_RANGE = 1 << 32
_WORDS = struct.Struct(f"<{_BLOCK}I")


def bucket(salt: str, customer_id: int) -> int:
    """The customer's bucket, 0..9999."""
    return _words(salt, customer_id // _BLOCK)[customer_id % _BLOCK] * BUCKETS // _RANGE


def held_out(ids: BitMap, salt: str, percent: float | Decimal) -> BitMap:
    """Those of `ids` whose bucket lies below the percentage; 0.01 % is the finest step."""
    return below(ids, salt, Fraction(round(Fraction(str(percent)) * 100), BUCKETS))


def below(ids: BitMap, salt: str, share: Fraction) -> BitMap:
    """Those of `ids` drawn into the first `share` (0 to 1) of the range."""
    if not ids or share <= 0:
        return BitMap()
    limit = ceil(share * _RANGE)
    return BitMap.union(BitMap(), *(_low(salt, block, limit) for block in _blocks(ids))) & ids


def split(ids: BitMap, salt: str, weights: Sequence[int]) -> list[BitMap]:
    """`ids` cut into one set per weight, in proportion and stably: a customer's part depends on the salt alone."""
    parts, before, total = [], BitMap(), sum(weights)
    for position in range(1, len(weights) + 1):
        upto = below(ids, salt, Fraction(sum(weights[:position]), total))
        parts.append(upto - before)
        before = upto
    return parts


def _blocks(ids: BitMap) -> list[int]:
    blocks, position = [], 0
    while position < len(ids):
        blocks.append(ids[position] // _BLOCK)
        position = ids.rank((blocks[-1] + 1) * _BLOCK - 1)
    return blocks


@lru_cache(maxsize=64)
def _low(salt: str, block: int, limit: int) -> BitMap:
    """Kept, because every rival of a send draws under the same salt; whoever gets it must not change it."""
    first = block * _BLOCK
    return BitMap([first + place for place, word in enumerate(_words(salt, block)) if word < limit])


@lru_cache(maxsize=64)
def _words(salt: str, block: int) -> tuple[int, ...]:
    return _WORDS.unpack(hashlib.shake_128(f"{salt}:{block}".encode()).digest(_WORDS.size))
