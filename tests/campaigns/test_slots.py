"""Which send takes which slot after an edit, as a property."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from campaigns.plan import Plan
from campaigns.slots import Held, Slot, has_slots_left, settle, slots
from tests.builders import NOW

NAMES = st.lists(
    st.builds(lambda day, hour: f"2026-12-{day:02}T{hour:02}:00", st.integers(1, 28), st.integers(8, 10)),
    unique=True,
    max_size=15,
)
PLAN = Plan(
    name="P", team_id=1, topic_id=1, include=(), exclude=(), channels=(), messages=(), trigger="at", local_time="09:00"
)


def slot(name: str) -> Slot:
    at = datetime.fromisoformat(name).replace(tzinfo=UTC)
    return Slot(name, at, at)


@given(NAMES, NAMES, st.sets(st.integers(0, 14)), st.sets(st.integers(0, 14)), st.booleans())
def test_every_slot_has_one_send_and_every_send_one_fate(
    old: list[str], new: list[str], by_hand: set[int], taken: set[int], single: bool
) -> None:
    held = [Held(number, name, number in by_hand) for number, name in enumerate(sorted(old))]
    gone = {name for number, name in enumerate(new) if number in taken and name not in old}
    placement = settle(held, [slot(name) for name in sorted(new)], gone, NOW, single=single)
    given_out = [one.name for one in placement.placed.values()]
    assert len(set(given_out)) == len(given_out)
    assert sorted([*given_out, *(one.name for one in placement.free)]) == sorted(set(new) - gone)
    kept = {send.send_id for send in held} - set(placement.placed) - set(placement.dropped)
    assert kept <= by_hand, "only a send that was moved by hand stays without a slot"
    assert {send.slot for send in held if send.send_id in placement.placed} >= set(old) & set(new)
    assert not set(placement.dropped) & by_hand


@given(NAMES, NAMES)
def test_settling_again_moves_nothing(old: list[str], new: list[str]) -> None:
    held = [Held(number, name) for number, name in enumerate(sorted(old))]
    wanted = [slot(name) for name in sorted(new)]
    placement = settle(held, wanted, (), NOW, single=False)
    again = settle([Held(number, one.name) for number, one in placement.placed.items()], wanted, (), NOW, single=False)
    assert (again.placed, again.dropped, again.free) == (placement.placed, (), placement.free)


def test_a_slot_that_is_over_is_given_to_nobody_new() -> None:
    past = slot("2026-11-20T09:00")
    assert settle([], [past], (), NOW, single=False).free == ()
    assert settle([Held(1, past.name)], [past], (), NOW, single=False).placed == {1: past}


def test_a_day_is_as_long_as_the_clock_makes_it() -> None:
    days = slots(
        Plan(**{**PLAN.__dict__, "trigger": "event"}),
        ZoneInfo("Europe/Berlin"),
        datetime(2026, 10, 24, 12, tzinfo=UTC),
        datetime(2026, 10, 27, tzinfo=UTC),
    )
    assert [(day.name, day.over_at - day.due_at) for day in days[:3]] == [
        ("2026-10-24", timedelta(hours=24)),
        ("2026-10-25", timedelta(hours=25)),
        ("2026-10-26", timedelta(hours=24)),
    ]


def test_a_trigger_without_a_date_has_no_slots_and_none_to_come() -> None:
    assert slots(PLAN, ZoneInfo("UTC"), NOW, NOW + timedelta(days=90)) == []
    assert not has_slots_left(PLAN, ZoneInfo("UTC"), NOW)
