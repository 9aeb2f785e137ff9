"""Where a send can move out of another's way: near, on a working day, and into nobody else's."""

from datetime import UTC, date, datetime, timedelta

from pyroaring import BitMap

from campaigns.free_slots import FreeSlot, Place, days_around, free_slot
from campaigns.overlap import Side, Threshold

MONDAY = datetime(2026, 11, 23, 9, tzinfo=UTC)
DAY = timedelta(days=1)
WINDOW = timedelta(hours=72)
PEOPLE = BitMap(range(100))


def side(campaign_id: int, *days: int, people: BitMap = PEOPLE) -> Side:
    sends = tuple((MONDAY + day * DAY, 10 * campaign_id + place) for place, day in enumerate(days))
    return Side(campaign_id, people, frozenset({"email"}), 1, "ordered", sends)


def find(*sides: Side, send_id: int = 10) -> FreeSlot | None:
    local = MONDAY.replace(tzinfo=None)
    places = (Place(datetime.combine(day, local.time()), datetime.combine(day, local.time(), UTC))
              for day in days_around(local.date()))  # fmt: skip
    return free_slot(sides, 1, 2, send_id, places, WINDOW, Threshold())


def test_the_nearest_day_is_taken_on_which_nothing_is_left_of_it() -> None:
    found = find(side(1, 0), side(2, 1))
    assert found == FreeSlot(Place(datetime(2026, 11, 20, 9), MONDAY - 3 * DAY), 1, 0)  # noqa: DTZ001


def test_nobody_else_is_run_into() -> None:
    found = find(side(1, 0), side(2, 1), side(3, -4, people=BitMap(range(50))))
    assert found is not None
    assert (found.place.local.date(), found.after) == (date(2026, 11, 30), 0)


def test_who_shares_nobody_is_in_nobodys_way() -> None:
    found = find(side(1, 0), side(2, 1), side(3, -4, people=BitMap(range(200, 300))))
    assert found is not None
    assert found.place.local.date() == date(2026, 11, 20)


def test_there_may_be_none() -> None:
    assert find(side(1, 0), side(2, *range(-20, 20))) is None
    assert find(side(2, 1)) is None


def test_what_is_mended_already_is_not_mended_again() -> None:
    assert find(side(1, 0), side(2, 10)) is None


def test_a_working_day_stays_one_and_a_weekend_may_be_any() -> None:
    assert all(day.weekday() < 5 for day in days_around(date(2026, 11, 27)))
    assert next(days_around(date(2026, 11, 27))) == date(2026, 11, 26)
    assert list(days_around(date(2026, 11, 28)))[:3] == [date(2026, 11, 29), date(2026, 11, 27), date(2026, 11, 30)]
