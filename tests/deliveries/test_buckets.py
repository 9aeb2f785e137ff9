"""The token bucket, as arithmetic: what it never grants, and what it always does."""

from itertools import accumulate

from hypothesis import given
from hypothesis import strategies as st

from deliveries.buckets import Bucket, Rate

RATES = st.floats(0.01, 5_000).map(Rate)
ASKS = st.lists(st.tuples(st.floats(0, 3), st.integers(1, 3_000), st.booleans()), min_size=1, max_size=40)


@given(rate=RATES, asks=ASKS)
def test_no_stretch_of_time_holds_more_than_its_share_and_one_seconds_worth(
    rate: Rate, asks: list[tuple[float, int, bool]]
) -> None:
    bucket, moments = Bucket(rate), list(accumulate(wait for wait, _, _ in asks))
    granted = [bucket.take(wanted, at, urgent=urgent) for at, (_, wanted, urgent) in zip(moments, asks, strict=True)]
    assert all(0 <= got <= wanted for got, (_, wanted, _) in zip(granted, asks, strict=True))
    for first in range(len(moments)):
        total = 0
        for last in range(first, len(moments)):
            total += granted[last]
            assert total <= rate.burst + rate.per_second * (moments[last] - moments[first]) + 1e-6


@given(rate=RATES, asks=ASKS, used=st.lists(st.floats(0, 1), min_size=40, max_size=40), waits=st.integers(0, 3))
def test_what_was_given_back_some_asks_later_never_lets_more_go_than_the_rate(
    rate: Rate, asks: list[tuple[float, int, bool]], used: list[float], waits: int
) -> None:
    """As `waits` + 1 workers do who ask in turn: each gives back what it found no message for when it is next up."""
    bucket, moments = Bucket(rate), list(accumulate(wait for wait, _, _ in asks))
    gone: list[int] = []
    unused: list[tuple[int, float]] = []
    for (_, wanted, urgent), at, share in zip(asks, moments, used, strict=False):
        granted = bucket.take(wanted, at, urgent=urgent)
        gone.append(int(granted * share))
        unused.append((granted - gone[-1], at))
        if len(unused) > waits:
            count, taken_at = unused.pop(0)
            bucket.spend(-rate.returned(count, at - taken_at), at)
    for first in range(len(moments)):
        for last in range(first, len(moments)):
            most = rate.burst + rate.per_second * (moments[last] - moments[first])
            assert sum(gone[first : last + 1]) <= most + 1e-6


@given(rate=RATES, asks=ASKS, wanted=st.integers(1, 3_000), urgent=st.booleans())
def test_whatever_was_taken_a_full_bucket_later_something_may_go(
    rate: Rate, asks: list[tuple[float, int, bool]], wanted: int, urgent: bool
) -> None:
    bucket, at = Bucket(rate), 0.0
    for wait, many, is_urgent in asks:
        at += wait
        bucket.take(many, at, urgent=is_urgent)
    refilled = at + rate.burst / rate.per_second * 1.000001 + 1e-6
    assert bucket.take(wanted, refilled, urgent=urgent) == min(wanted, int(rate.burst) - rate.kept_back(urgent=urgent))


def test_bulk_goes_by_quarters_of_a_second_and_not_message_by_message() -> None:
    bucket = Bucket(Rate(100))
    assert bucket.take(1_000, 0.0) == 80
    assert [bucket.take(1_000, at) for at in (0.1, 0.2, 0.26, 0.27)] == [0, 0, 26, 0]
    assert bucket.take(3, 0.301) == 3  # as many as it wanted


def test_a_bulk_send_leaves_something_for_the_urgent() -> None:
    bucket = Bucket(Rate(100))
    bucket.take(1_000, 0.0)
    assert bucket.take(1_000, 0.0) == 0
    assert bucket.take(15, 0.0, urgent=True) == 15
    assert bucket.take(15, 0.0, urgent=True) == 5


def test_less_than_one_a_second_is_one_every_so_often() -> None:
    bucket = Bucket(Rate(0.5))
    assert [bucket.take(10, float(at)) for at in range(7)] == [1, 0, 1, 0, 1, 0, 1]


def test_what_was_granted_elsewhere_is_gone_here_and_never_less_than_nothing() -> None:
    bucket = Bucket(Rate(10))
    bucket.spend(1_000, 0.0)
    assert bucket.take(1, 0.0, urgent=True) == 0
    assert bucket.take(1, 0.11, urgent=True) == 1
