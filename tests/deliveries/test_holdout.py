"""Draws that are stable, fair and the same however they are asked for."""

from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st
from pyroaring import BitMap

from deliveries.holdout import below, bucket, held_out, split

IDS = st.sets(st.integers(0, 200_000), max_size=50).map(BitMap)
SALTS = st.text(max_size=10)


@given(IDS, SALTS, st.integers(0, 10_000))
def test_the_held_out_are_those_whose_bucket_lies_below_the_percentage(ids: BitMap, salt: str, cents: int) -> None:
    expected = BitMap([customer for customer in ids if bucket(salt, customer) < cents])
    assert held_out(ids, salt, Decimal(cents) / 100) == expected


@given(IDS, SALTS, st.lists(st.integers(1, 9), min_size=1, max_size=4))
def test_a_split_gives_everyone_exactly_one_part(ids: BitMap, salt: str, weights: list[int]) -> None:
    parts = split(ids, salt, weights)
    assert sum(map(len, parts)) == len(ids)
    assert BitMap.union(BitMap(), *parts) == ids


def test_a_bucket_never_changes() -> None:
    assert [bucket("salt", customer) for customer in (1, 4_095, 4_096, 1_000_000)] == [3946, 8142, 7427, 1148]


def test_shares_are_fair_within_a_tenth_of_a_percent_point() -> None:
    everyone = BitMap(range(1_000_000))
    assert abs(len(held_out(everyone, "salt", 10)) - 100_000) < 1_000
    assert [abs(len(part) - 500_000) < 1_500 for part in split(everyone, "variant", [1, 1])] == [True, True]


def test_draws_under_different_salts_are_independent() -> None:
    everyone = BitMap(range(1_000_000))
    both = held_out(everyone, "one", 10) & held_out(everyone, "two", 10)
    assert abs(len(both) - 10_000) < 400


def test_nothing_and_everything_are_exact() -> None:
    everyone = BitMap(range(10_000))
    assert held_out(everyone, "salt", 0) == BitMap()
    assert below(everyone, "salt", Fraction(1)) == everyone
