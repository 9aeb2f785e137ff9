"""Sets of customer ids as roaring bitmaps: how they are stored, read from SQL and cut into shards."""

from collections.abc import Iterable, Iterator

from pyroaring import BitMap


def load(stored: bytes | memoryview) -> BitMap:
    """The bitmap of a `BinaryField`; empty for an empty field."""
    data = bytes(stored)
    return BitMap.deserialize(data) if data else BitMap()


def dump(members: BitMap) -> bytes:
    members.run_optimize()
    return members.serialize()


def collect(ids: Iterable[int]) -> BitMap:
    return BitMap(ids)


def shards(members: BitMap, size: int) -> Iterator[int]:
    """The shards that hold any member, ascending; one look per shard, not per member."""
    position = 0
    while position < len(members):
        shard = members[position] // size
        yield shard
        position = members.rank((shard + 1) * size - 1)
