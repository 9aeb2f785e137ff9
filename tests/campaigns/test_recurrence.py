"""Which days a rule names, and which instant a wall clock means."""
# ruff: noqa: DTZ001 wall-clock times are naive: that is what they are about

from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audiences.zones import zone_names
from campaigns.recurrence import (
    RecurrenceError,
    first_instant,
    has_more,
    instant,
    last_instant,
    occurrences,
    wall_time,
)

START = datetime(2026, 11, 24, 9, 0)
LATER = datetime(2027, 2, 22, 9, 0)
ZONES = st.sampled_from(sorted(zone_names())).map(ZoneInfo)
DAYS = st.dates(date(2024, 1, 1), date(2030, 12, 31))
HOURS = st.times(max_value=time(22, 0)).map(lambda clock: clock.replace(second=0, microsecond=0))


def days(rule: str, after: datetime = START, before: datetime = LATER) -> list[str]:
    return [f"{moment:%m-%d %H:%M}" for moment in occurrences(rule, START, after, before)]


def test_a_weekly_rule_names_its_days_at_the_hour_of_the_start() -> None:
    assert days("FREQ=WEEKLY;BYDAY=TU,FR", before=datetime(2026, 12, 5)) == [
        "11-24 09:00",
        "11-27 09:00",
        "12-01 09:00",
        "12-04 09:00",
    ]


def test_the_stretch_is_half_open() -> None:
    assert days("FREQ=DAILY", START, START + timedelta(days=2)) == ["11-24 09:00", "11-25 09:00"]
    assert days("FREQ=DAILY", START, START) == []


def test_a_count_is_counted_from_the_start_and_not_from_the_stretch() -> None:
    assert days("FREQ=DAILY;COUNT=3", after=START + timedelta(days=1)) == ["11-25 09:00", "11-26 09:00"]
    assert not has_more("FREQ=DAILY;COUNT=3", START, START + timedelta(days=3))


def test_until_a_day_takes_in_the_whole_of_that_day() -> None:
    assert days("FREQ=DAILY;UNTIL=20261125") == ["11-24 09:00", "11-25 09:00"]
    assert days("FREQ=DAILY;UNTIL=20261125T080000") == ["11-24 09:00"]
    assert has_more("FREQ=DAILY;UNTIL=99991231", START, LATER)


def test_bysetpos_picks_the_last_working_day_of_the_month() -> None:
    rule = "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1"
    assert days(rule) == ["11-30 09:00", "12-31 09:00", "01-29 09:00"]
    assert days(rule + ",-1") == days(rule)


def test_the_thirty_first_is_left_out_where_there_is_none() -> None:
    assert days("FREQ=MONTHLY;BYMONTHDAY=31", before=datetime(2027, 4, 1)) == [
        "12-31 09:00",
        "01-31 09:00",
        "03-31 09:00",
    ]


def test_a_leap_day_is_found_and_has_more_to_come() -> None:
    found = occurrences("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", START, START, datetime(2033, 1, 1))
    assert found == [datetime(2028, 2, 29, 9), datetime(2032, 2, 29, 9)]


@pytest.mark.parametrize(
    ("rule", "part"),
    [
        ("", "There is no rule"),
        ("   ", "There is no rule"),
        ("every Tuesday", "one rule and nothing else"),
        ("TUESDAY", "not a part of a rule"),
        ("FREQ=SECONDLY", "more than once a day"),
        ("FREQ=HOURLY;INTERVAL=48", "more than once a day"),
        ("FREQ=FORTNIGHTLY", "not a frequency"),
        ("BYDAY=TU", "must say how often"),
        ("FREQ=DAILY;BYHOUR=9,17", "Take BYHOUR out"),
        ("FREQ=DAILY;BYSECOND=0,1,2,3", "Take BYSECOND out"),
        ("FREQ=YEARLY;BYEASTER=0", "not a part of a rule"),
        ("FREQ=DAILY;INTERVAL=0", "INTERVAL must be"),
        ("FREQ=DAILY;INTERVAL=-1", "INTERVAL must be"),
        ("FREQ=DAILY;INTERVAL=²", "INTERVAL must be"),
        ("FREQ=DAILY;COUNT=0", "COUNT must be"),
        ("FREQ=DAILY;COUNT=99999999999", "COUNT must be"),
        ("FREQ=DAILY;COUNT=2;UNTIL=20270101", "keep one of them"),
        ("FREQ=DAILY;UNTIL=20270101T000000Z", "no moment in UTC"),
        ("FREQ=DAILY;UNTIL=tomorrow", "UNTIL must be a day"),
        ("FREQ=DAILY;UNTIL=20200101", "names no day"),
        ("FREQ=DAILY;FREQ=WEEKLY", "stands in it twice"),
        ("FREQ=", "no value"),
        ("FREQ=WEEKLY;BYDAY=XX", "cannot be read"),
        ("FREQ=MONTHLY;BYDAY=+9999999MO", "not a weekday"),
        ("FREQ=MONTHLY;BYDAY=10MO", "not a weekday"),
        ("FREQ=MONTHLY;BYMONTHDAY=hello", "cannot be read"),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "names no day"),
        ("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", "names no day"),
        ("FREQ=DAILY;INTERVAL=7;BYDAY=WE", "names no day"),
        ("DTSTART:20260101T000000\nRRULE:FREQ=DAILY", "one rule and nothing else"),
        ("DTSTART=20260101;FREQ=DAILY", "one rule and nothing else"),
        ("FREQ=DAILY\nFREQ=WEEKLY", "one rule and nothing else"),
        ("FREQ=DAILY;" + "BYDAY=MO," * 60, "at most 300"),
        ("FREQ=DAILY;BYDAY=\0", "cannot be read"),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused_with_a_sentence(rule: str, part: str) -> None:
    with pytest.raises(RecurrenceError, match=part):
        occurrences(rule, START, START, LATER)


@given(st.text(max_size=60) | st.from_regex(r"(FREQ|BYDAY|COUNT|UNTIL|BYSETPOS)=[A-Z0-9,+-]{0,8}(;[A-Z]+=.{0,5}){0,3}"))
def test_any_text_is_either_a_rule_or_refused(rule: str) -> None:
    with suppress(RecurrenceError):
        found = occurrences(rule, START, START, START + timedelta(days=90))
        assert len({moment.date() for moment in found}) == len(found) <= 90


def test_the_first_day_must_be_in_a_year_that_people_plan_in() -> None:
    with pytest.raises(RecurrenceError, match="between 1900 and 2400"):
        occurrences("FREQ=DAILY", datetime(3000, 1, 1), START, LATER)


def test_half_past_two_in_the_gap_goes_at_half_past_three() -> None:
    zone = ZoneInfo("America/New_York")
    assert wall_time(instant(datetime(2026, 3, 8, 2, 30), zone), zone) == datetime(2026, 3, 8, 3, 30)


def test_half_past_one_in_the_overlap_goes_once_the_first_time() -> None:
    zone = ZoneInfo("America/New_York")
    assert instant(datetime(2026, 11, 1, 1, 30), zone) == datetime(2026, 11, 1, 5, 30, tzinfo=UTC)


@settings(max_examples=400)
@given(ZONES, DAYS, HOURS)
def test_every_zone_sends_once_per_local_date_and_never_in_the_gap(zone: ZoneInfo, day: date, clock: time) -> None:
    local = [datetime.combine(day + timedelta(days=number), clock) for number in range(-1, 2)]
    instants = [instant(moment, zone) for moment in local]
    shown = [wall_time(moment, zone) for moment in instants]
    assert [moment.date() for moment in shown] == [moment.date() for moment in local]
    assert instants == sorted(set(instants))
    for wanted, got in zip(local, shown, strict=True):
        # Either the very minute, or as much later as the clock jumped over it.
        jump = got - wanted
        assert jump == timedelta() or (timedelta() < jump <= timedelta(hours=1) and not _exists(wanted, zone))


def test_every_transition_of_every_zone_from_2024_to_2030_keeps_one_send_per_day() -> None:
    for name in sorted(zone_names()):
        zone = ZoneInfo(name)
        for day in _transition_days(zone):
            around = [datetime.combine(day + timedelta(days=n), time(2, 30)) for n in range(-1, 3)]
            shown = [wall_time(instant(moment, zone), zone).date() for moment in around]
            assert shown == [moment.date() for moment in around], name


def test_a_gap_before_midnight_goes_just_after_it() -> None:
    nuuk = ZoneInfo("America/Nuuk")
    assert wall_time(instant(datetime(2027, 3, 27, 23, 30), nuuk), nuuk) == datetime(2027, 3, 28, 0, 30)


@settings(max_examples=25)
@given(DAYS, HOURS)
def test_the_first_and_last_instant_hold_for_all_zones(day: date, clock: time) -> None:
    local = datetime.combine(day, clock)
    everywhere = [instant(local, ZoneInfo(name)) for name in zone_names()]
    assert first_instant(local) == min(everywhere)
    assert max(everywhere) <= last_instant(local)


def test_the_first_zone_on_earth_is_fourteen_hours_ahead_of_utc() -> None:
    assert first_instant(datetime(2026, 11, 24, 9, 0)) == datetime(2026, 11, 23, 19, 0, tzinfo=UTC)
    assert last_instant(datetime(2026, 11, 24, 9, 0)) == datetime(2026, 11, 24, 21, 0, tzinfo=UTC)


def _exists(local: datetime, zone: ZoneInfo) -> bool:
    return wall_time(local.replace(tzinfo=zone).astimezone(UTC), zone) == local


def _transition_days(zone: ZoneInfo) -> list[date]:
    """Days on which the offset is another than the day before; looked for week by week, then day by day."""
    noons = [datetime(2024, 1, 1, 12, tzinfo=UTC) + timedelta(days=n) for n in range(7 * 366)]
    found = []
    for week in range(7, len(noons), 7):
        if noons[week].astimezone(zone).utcoffset() != noons[week - 7].astimezone(zone).utcoffset():
            offsets = [noon.astimezone(zone).utcoffset() for noon in noons[week - 7 : week + 1]]
            found += [noons[week - 7 + n].date() for n in range(1, 8) if offsets[n] != offsets[n - 1]]
    return found
