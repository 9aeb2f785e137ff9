"""Many customers at once are judged as each of them would be alone."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st
from pyroaring import BitMap

from deliveries.caps import CapRule, Reach, Slot, frees_at
from deliveries.slots import SlotSet, crowded

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
ZONE = ZoneInfo("Europe/Berlin")
REACH, ELSEWHERE = Reach("email", 1, 1), Reach("in_app", 1, 1)
EVERYONE = BitMap(range(6))
HOURS = st.integers(-80, 80)
SLOTS = st.builds(
    lambda hours, reach: Slot(NOON + timedelta(hours=hours), reach), HOURS, st.sampled_from([REACH, ELSEWHERE])
)
CAPS = st.builds(
    lambda limit, days, kind: CapRule(1, limit, timedelta(days=days), kind, channel="email"),
    st.integers(0, 3),
    st.sampled_from([1, 7]),
    st.sampled_from(["rolling", "calendar"]),
)


@given(
    cap=CAPS,
    held=st.lists(SLOTS, max_size=3),
    taken=st.lists(st.tuples(SLOTS, st.sets(st.integers(0, 7))), max_size=6),
)
def test_those_are_crowded_whom_the_cap_would_stop_one_by_one(
    cap: CapRule, held: list[Slot], taken: list[tuple[Slot, set[int]]]
) -> None:
    sets = [SlotSet(slot, BitMap(members), source=str(place)) for place, (slot, members) in enumerate(taken)]
    found = crowded(cap, NOON, ZONE, held, sets, EVERYONE)
    of_each = {each: [*held, *(slot for slot, members in taken if each in members)] for each in EVERYONE}
    assert set(found) == {
        each for each, slots in of_each.items() if frees_at(cap.times(slots), NOON, cap, ZONE) != NOON
    }
