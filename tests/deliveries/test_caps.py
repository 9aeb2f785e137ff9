"""Caps against brute force over every window that could matter."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from deliveries.caps import CALENDAR, CapRule, Reach, Slot, frees_at, period_of, share_a_window

START = datetime(2026, 10, 20, tzinfo=UTC)  # the last Sunday of October is a clock change in Europe
UTC_ZONE = ZoneInfo("UTC")
ZONES = [
    ZoneInfo(name)
    for name in ("UTC", "Europe/Berlin", "America/New_York", "Pacific/Kiritimati", "America/Havana", "Africa/Cairo")
]
MOMENTS = st.integers(0, 24 * 14).map(lambda hour: START + timedelta(hours=hour))
TIMES = st.lists(MOMENTS, max_size=8).map(sorted)
ROLLING_CAPS = st.builds(
    CapRule, id=st.just(1), limit=st.integers(1, 4), length=st.integers(1, 5).map(lambda days: timedelta(days=days))
)
CALENDAR_CAPS = st.builds(
    CapRule,
    id=st.just(1),
    limit=st.integers(1, 4),
    length=st.sampled_from([timedelta(days=1), timedelta(days=7)]),
    kind=st.just(CALENDAR),
)
TIPS = Reach("email", 1, 1)


def overfull(times: Sequence[datetime], at: datetime, cap: CapRule, zone: ZoneInfo) -> bool:
    """Whether one more message at `at`, beside those at `times` (ascending), would break the cap."""
    return frees_at(times, at, cap, zone) != at


def breaks_some_window(times: list[datetime], at: datetime, cap: CapRule) -> bool:
    """Every window [x, x + length) that begins at a slot or at the message, counted one by one."""
    return any(
        x <= at < x + cap.length and sum(x <= moment < x + cap.length for moment in times) >= cap.limit
        for x in [*times, at]
    )


@given(TIMES, MOMENTS, ROLLING_CAPS)
def test_a_rolling_cap_is_overfull_exactly_where_some_window_would_be(
    times: list[datetime], at: datetime, cap: CapRule
) -> None:
    assert overfull(times, at, cap, UTC_ZONE) == breaks_some_window(times, at, cap)


@given(TIMES, MOMENTS, ROLLING_CAPS)
def test_a_rolling_cap_frees_at_the_first_instant_that_fits(times: list[datetime], at: datetime, cap: CapRule) -> None:
    freed = frees_at(times, at, cap, UTC_ZONE)
    assert freed is not None
    assert not breaks_some_window(times, freed, cap)
    hours = (freed - at) // timedelta(hours=1)
    assert all(breaks_some_window(times, at + timedelta(hours=hour), cap) for hour in range(hours))


@given(st.lists(MOMENTS, max_size=12), ROLLING_CAPS)
def test_slots_granted_one_after_the_other_never_overfill_a_window(wanted: list[datetime], cap: CapRule) -> None:
    granted: list[datetime] = []
    for at in wanted:
        if not overfull(sorted(granted), at, cap, UTC_ZONE):
            granted.append(at)
    for x in granted:
        assert sum(x <= moment < x + cap.length for moment in granted) <= cap.limit


@given(TIMES, MOMENTS, CALENDAR_CAPS, st.sampled_from(ZONES))
def test_a_calendar_cap_counts_the_customers_own_days_and_iso_weeks(
    times: list[datetime], at: datetime, cap: CapRule, zone: ZoneInfo
) -> None:
    def period(moment: datetime) -> object:
        local = moment.astimezone(zone)
        return local.date() if cap.length == timedelta(days=1) else local.isocalendar()[:2]

    taken = sum(period(moment) == period(at) for moment in times)
    assert overfull(times, at, cap, zone) == (taken >= cap.limit)


@given(TIMES, MOMENTS, CALENDAR_CAPS, st.sampled_from(ZONES))
def test_a_calendar_cap_frees_at_the_first_instant_of_a_later_period(
    times: list[datetime], at: datetime, cap: CapRule, zone: ZoneInfo
) -> None:
    freed = frees_at(times, at, cap, zone)
    assert freed is not None
    assert not overfull(times, freed, cap, zone)
    if freed != at:
        second_before = freed - timedelta(seconds=1)
        assert period_of(second_before, cap, zone) < period_of(freed, cap, zone)
        assert overfull(times, second_before, cap, zone)


def test_a_limit_of_nought_means_nobody_ever() -> None:
    assert frees_at([], START, CapRule(1, 0, timedelta(days=1)), UTC_ZONE) is None


def test_a_window_is_half_open_to_the_second() -> None:
    cap = CapRule(1, 1, timedelta(days=1))
    assert overfull([START], START + timedelta(days=1, seconds=-1), cap, UTC_ZONE)
    assert not overfull([START], START + timedelta(days=1), cap, UTC_ZONE)


def test_a_slot_taken_ahead_counts_like_one_behind() -> None:
    cap = CapRule(1, 1, timedelta(days=1))
    assert overfull([START + timedelta(hours=5)], START, cap, UTC_ZONE)


def test_a_cap_counts_the_slots_in_its_scope_alone() -> None:
    slots = [Slot(START, TIPS), Slot(START, Reach("in_app", 1, 2)), Slot(START, Reach("email", 2, 2))]
    day = timedelta(days=1)
    assert len(CapRule(1, 1, day).times(slots)) == 3
    assert len(CapRule(1, 1, day, channel="email").times(slots)) == 2
    assert len(CapRule(1, 1, day, topic_id=2).times(slots)) == 1
    assert len(CapRule(1, 1, day, team_id=2).times(slots)) == 2


@given(MOMENTS, MOMENTS, st.one_of(ROLLING_CAPS, CALENDAR_CAPS), st.sampled_from(ZONES))
def test_a_slot_matters_exactly_where_it_shares_a_window(
    one: datetime, other: datetime, cap: CapRule, zone: ZoneInfo
) -> None:
    single = CapRule(1, 1, cap.length, cap.kind)
    assert share_a_window(one, other, single, zone) == overfull([one], other, single, zone)
