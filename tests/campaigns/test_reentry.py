"""Re-entry, as a property: nothing fires twice, and nobody too soon."""

from datetime import timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from campaigns.reentry import Earlier, Happening, new_firings
from tests.builders import NOW

HAPPENINGS = st.lists(
    st.builds(
        lambda customer, hour, key: Happening(customer, f"event:{key}", NOW + timedelta(hours=hour)),
        st.integers(1, 3),
        st.integers(0, 24 * 20),
        st.integers(1, 30),
    ),
    max_size=25,
)


@given(HAPPENINGS, st.none() | st.integers(0, 9), st.integers(1, 5))
def test_however_it_is_read_nothing_fires_twice_and_nobody_too_soon(
    happenings: list[Happening], reentry_days: int | None, pieces: int
) -> None:
    fired: list[Happening] = []
    for number in range(pieces):
        # Pieces overlap, as the readers' last minutes do.
        earlier: dict[int, list[Earlier]] = {}
        for one in fired:
            earlier.setdefault(one.customer_id, []).append(Earlier(one.key, one.occurred_at))
        fired += new_firings(happenings[number // 2 :: max(1, pieces - number)], earlier, reentry_days)
    assert len({(one.customer_id, one.key) for one in fired}) == len(fired)
    for customer in (1, 2, 3):
        moments = sorted(one.occurred_at for one in fired if one.customer_id == customer)
        if reentry_days is None:
            assert len(moments) <= 1
        else:
            apart = timedelta(days=reentry_days)
            assert all(later - sooner >= apart for sooner, later in pairwise(moments))


@given(HAPPENINGS)
def test_always_means_everything_once(happenings: list[Happening]) -> None:
    fired = new_firings(happenings, {}, 0)
    assert {(one.customer_id, one.key) for one in fired} == {(one.customer_id, one.key) for one in happenings}


def test_the_first_of_two_fires_whatever_order_they_are_read_in() -> None:
    late, soon = Happening(1, "event:1", NOW + timedelta(hours=1)), Happening(1, "event:2", NOW)
    assert new_firings([late, soon], {}, None) == [soon]
    assert new_firings([late], {1: [Earlier("event:2", NOW, was_dropped=True)]}, None) == [late]
