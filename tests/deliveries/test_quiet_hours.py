"""Quiet hours over real zones and their clock changes."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deliveries.quiet_hours import QuietPeriod, is_quiet, next_allowed, next_quiet

ZONES = st.sampled_from(
    [
        ZoneInfo(name)
        for name in (
            "UTC",
            "Europe/Berlin",
            "America/New_York",
            "Australia/Lord_Howe",  # changes by half an hour
            "America/Havana",  # changes at midnight
            "Asia/Kathmandu",
            "Pacific/Apia",
            "Africa/Casablanca",
        )
    ]
)
PERIODS = (
    st.tuples(st.integers(0, 95), st.integers(0, 95))
    .filter(lambda pair: pair[0] != pair[1])
    .map(lambda pair: QuietPeriod(time(pair[0] // 4, pair[0] % 4 * 15), time(pair[1] // 4, pair[1] % 4 * 15)))
)
YEAR = datetime(2026, 1, 1, tzinfo=UTC)
# Half of the moments lie near the European and American clock changes.
CHANGES = [datetime(2026, 3, 8, tzinfo=UTC), datetime(2026, 3, 29, tzinfo=UTC), datetime(2026, 10, 25, tzinfo=UTC)]
MOMENTS = st.one_of(
    st.integers(0, 365 * 96).map(lambda quarter: YEAR + timedelta(minutes=15 * quarter)),
    st.builds(
        lambda day, seconds: day + timedelta(seconds=seconds),
        st.sampled_from(CHANGES),
        st.integers(-86_400, 86_400),
    ),
)
STEP = timedelta(minutes=15)


@given(MOMENTS, ZONES, PERIODS)
def test_a_message_moved_out_of_quiet_hours_is_never_inside_them(
    at: datetime, zone: ZoneInfo, quiet: QuietPeriod
) -> None:
    allowed = next_allowed(at, zone, quiet)
    assert not is_quiet(allowed, zone, quiet)
    assert at <= allowed < at + timedelta(hours=25)


@given(MOMENTS, ZONES, PERIODS)
def test_it_waits_no_longer_than_it_must(at: datetime, zone: ZoneInfo, quiet: QuietPeriod) -> None:
    allowed = next_allowed(at, zone, quiet)
    waits = int((allowed - at) / STEP)
    assert all(is_quiet(at + STEP * step, zone, quiet) for step in range(waits))
    assert allowed == at or is_quiet(allowed - timedelta(microseconds=1), zone, quiet)


@given(MOMENTS, ZONES, PERIODS)
def test_the_window_for_leaving_ends_where_quiet_begins(at: datetime, zone: ZoneInfo, quiet: QuietPeriod) -> None:
    allowed = next_allowed(at, zone, quiet)
    closes = next_quiet(allowed, zone, quiet)
    assert closes is not None
    assert is_quiet(closes, zone, quiet)
    assert not any(is_quiet(allowed + STEP * step, zone, quiet) for step in range(int((closes - allowed) / STEP)))


def test_without_quiet_hours_it_leaves_at_once_and_at_any_time() -> None:
    zone = ZoneInfo("UTC")
    assert (next_allowed(YEAR, zone, None), next_quiet(YEAR, zone, None)) == (YEAR, None)


def test_quiet_hours_wrap_midnight_and_are_half_open() -> None:
    zone, quiet = ZoneInfo("UTC"), QuietPeriod(time(22), time(8))
    assert next_allowed(YEAR.replace(hour=22), zone, quiet) == YEAR.replace(day=2, hour=8)
    assert next_allowed(YEAR.replace(hour=8), zone, quiet) == YEAR.replace(hour=8)
    assert next_quiet(YEAR.replace(hour=8), zone, quiet) == YEAR.replace(hour=22)


def test_a_start_that_is_the_end_is_refused() -> None:
    with pytest.raises(ValueError, match="nothing at all"):
        QuietPeriod(time(9), time(9))


def test_quiet_that_ends_in_the_gap_ends_with_the_jump() -> None:
    zone, quiet = ZoneInfo("Europe/Berlin"), QuietPeriod(time(22), time(2, 30))
    midnight = datetime(2026, 3, 28, 23, 0, tzinfo=UTC)
    assert next_allowed(midnight, zone, quiet) == datetime(2026, 3, 29, 1, 0, tzinfo=UTC)


def test_an_hour_that_comes_twice_is_quiet_twice() -> None:
    zone, quiet = ZoneInfo("Europe/Berlin"), QuietPeriod(time(22), time(2, 30))
    first_half_past_two = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert next_allowed(first_half_past_two - STEP, zone, quiet) == first_half_past_two
    second_two = first_half_past_two + 2 * STEP
    assert next_quiet(first_half_past_two, zone, quiet) == second_two
    assert next_allowed(second_two, zone, quiet) == second_two + 2 * STEP
