"""Audiences as sets: who the included segments hold, less those in the excluded ones."""

from collections.abc import Iterable, Mapping

from pyroaring import BitMap

from audiences.queries.segments import members_of_each


def audience(include: Iterable[int], exclude: Iterable[int]) -> BitMap:
    """Customer ids by the newest refreshes; empty where nothing is included. Two queries."""
    included, excluded = set(include), set(exclude)
    return cut(members_of_each(included | excluded), included, excluded)


def cut(members: Mapping[int, BitMap], include: Iterable[int], exclude: Iterable[int]) -> BitMap:
    """The audience, by members that were read before: many audiences cost no more queries than one."""
    return _union(members, include) - _union(members, exclude)


def _union(members: Mapping[int, BitMap], segment_ids: Iterable[int]) -> BitMap:
    return BitMap.union(BitMap(), *(members[segment_id] for segment_id in segment_ids))
