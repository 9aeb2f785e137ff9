"""Clocks that change, zones that moved, the date line: one send per local date, and never inside quiet hours."""

from collections.abc import Callable
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, seed, settings
from hypothesis import strategies as st

from audiences.zones import zone_names
from campaigns.recurrence import instant
from deliveries.quiet_hours import QuietPeriod
from tests.faults.clock_rules import (
    DAY,
    caps_count_own_days,
    changes,
    never_quiet,
    one_send_a_date,
    one_slot_a_date,
    wall,
)
from tests.faults.report import Scenario
from tests.faults.zone_table import ROWS, Row

# It asks no database, and should run once.
pytestmark = pytest.mark.only_on("postgresql")
QUIETS = (
    QuietPeriod(time(22), time(8)),
    QuietPeriod(time(23, 30), time(2, 30)),
    QuietPeriod(time(0), time(3)),
    QuietPeriod(time(2, 15), time(2, 45)),
    QuietPeriod(time(3), time(1)),
)
TIMES = st.times().map(lambda clock: clock.replace(second=0, microsecond=0))
QUARTERS = st.integers(0, 95).map(lambda number: time(number // 4, number % 4 * 15))
PERIODS = st.tuples(QUARTERS, QUARTERS).filter(lambda pair: pair[0] != pair[1]).map(lambda pair: QuietPeriod(*pair))
Rule = Callable[[Row], bool]
RULES: dict[str, Rule] = {
    "the instant": lambda row: instant(row.local, row.zone) == row.instant,
    "what the clock shows": lambda row: wall(row.instant, row.zone) == row.shown,
    "one send per local date": lambda row: one_send_a_date(row.local, row.zone),
    "one slot per local date": lambda row: one_slot_a_date(row.local, row.zone),
    "never inside quiet hours": lambda row: all(never_quiet(row.local, row.zone, quiet) for quiet in QUIETS),
    "caps count the own days": lambda row: caps_count_own_days(row.local, row.zone),
}


@pytest.mark.faults("DST and zone table")
def test_invariant_12_odd_moments_of_odd_zones_are_one_send_outside_quiet_hours(scenario: Scenario) -> None:
    broken = {name: [f"{row.name} {row.asked}" for row in ROWS if not rule(row)] for name, rule in RULES.items()}
    scenario.report(
        size=f"{len(ROWS)} rows, {len({row.name for row in ROWS})} zones",
        bars={name: not rows for name, rows in broken.items()},
        figures={"broken": {name: rows for name, rows in broken.items() if rows}},
    )


def moments(name: str) -> st.SearchStrategy[tuple[ZoneInfo, datetime]]:
    """In one zone: half of them within a day of a change of its clocks."""
    zone = ZoneInfo(name)
    days = st.dates(date(2024, 1, 1), date(2030, 12, 31))
    if changes(zone):
        near = st.tuples(st.sampled_from(changes(zone)), st.integers(-1, 1)).map(lambda pair: pair[0] + DAY * pair[1])
        days = days | near
    return st.tuples(st.just(zone), st.builds(datetime.combine, days, TIMES))


@pytest.mark.faults("all zones, 2024 to 2030")
def test_invariant_12_any_moment_of_any_zone_is_one_send_outside_quiet_hours(scenario: Scenario) -> None:
    examples, tried, problem = scenario.size(whole=10_000, short=200), set(), ""

    @seed(scenario.chance.randrange(2**32))
    @settings(max_examples=examples, deadline=None, database=None)
    @given(st.sampled_from(sorted(zone_names())).flatmap(moments), PERIODS)
    def holds(moment: tuple[ZoneInfo, datetime], quiet: QuietPeriod) -> None:
        zone, local = moment
        tried.add(zone.key)
        assert one_send_a_date(local, zone)
        assert one_slot_a_date(local, zone)
        assert caps_count_own_days(local, zone)
        assert never_quiet(local, zone, quiet)

    try:
        holds()
    except AssertionError as error:
        problem = f"{error}\n" + "\n".join(getattr(error, "__notes__", []))
    scenario.report(
        size=f"{examples:,} examples, {len(tried)} zones",
        bars={"one send per local date, never inside quiet hours": not problem},
        figures={"counterexample": problem},
    )
