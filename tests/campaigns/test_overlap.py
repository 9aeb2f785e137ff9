"""Overlap as set algebra, against Python's own sets."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st
from pyroaring import BitMap

from campaigns.overlap import Overlap, Side, Threshold, count_pairs, nearest_pairs, overlap
from tests.builders import NOW

WINDOW = timedelta(hours=72)
ALL = Threshold(people=1, percent=0)
IDS = st.sets(st.integers(0, 400_000) | st.integers(0, 300), max_size=200)
SENDS = st.lists(st.integers(0, 400), max_size=12).map(
    lambda hours: tuple((NOW + timedelta(hours=hour), number) for number, hour in enumerate(sorted(hours)))
)


def side(members: set[int], number: int = 1, hours: float = 0, **fields: object) -> Side:
    defaults = {"channels": frozenset({"email"}), "topic_id": number, "goal": f"goal{number}", "per_day": None}
    sends = ((NOW + timedelta(hours=hours), number),)
    return Side(**{"campaign_id": number, "audience": BitMap(members), "sends": sends, **defaults, **fields})  # type: ignore[arg-type]


def test_two_campaigns_with_the_same_channel_and_topic_are_duplicates() -> None:
    found = overlap(side({1, 2, 3, 4}, 1), side({3, 4, 5}, 2, 1, topic_id=1), WINDOW, Threshold())
    assert found == Overlap(
        kind="duplicate",
        severity="high",
        shared=2,
        percent_of_first=50.0,
        percent_of_second=66.67,
        axes=("channel:email", "topic:1"),
        sends=((1, 2),),
        sends_total=1,
        is_estimated=False,
    )


def test_the_same_goal_on_the_same_channel_is_a_duplicate_too_but_no_goal_is_none() -> None:
    people = set(range(100))
    same = overlap(side(people, 1, goal="paid"), side(people, 2, goal="paid"), WINDOW, Threshold())
    none = overlap(side(people, 1, goal=""), side(people, 2, goal=""), WINDOW, Threshold())
    assert [found and found.kind for found in (same, none)] == ["duplicate", "crowding"]


def test_crowding_begins_at_a_threshold_of_people_and_of_the_smaller_audience() -> None:
    large = side(set(range(1000)), 1)
    assert overlap(large, side(set(range(9)), 2), WINDOW, Threshold()) is None
    assert overlap(large, side(set(range(990, 1300)), 2), WINDOW, Threshold(people=10, percent=5)) is None
    found = overlap(large, side(set(range(990, 1100)), 2), WINDOW, Threshold(people=10, percent=5))
    assert found is not None
    assert (found.kind, found.severity, found.shared) == ("crowding", "low", 10)


def test_the_window_includes_its_ends() -> None:
    near, far = side({1}, 2, 72, topic_id=1), side({1}, 2, 72.001, topic_id=1)
    assert overlap(side({1}, 1), near, WINDOW, ALL) is not None
    assert overlap(side({1}, 1), far, WINDOW, ALL) is None


def test_a_continuous_campaign_counts_for_those_it_is_expected_to_have() -> None:
    everyone = set(range(1000))
    found = overlap(side(everyone, 1, per_day=50), side(everyone, 2, topic_id=1), WINDOW, Threshold())
    assert found is not None
    # Fifty a day, three days on either side of the other's send.
    assert (found.shared, found.percent_of_first, found.percent_of_second) == (300, 100.0, 30.0)
    assert found.is_estimated


@given(IDS, IDS)
def test_the_numbers_are_those_of_python_sets(first: set[int], second: set[int]) -> None:
    found = overlap(side(first, 1), side(second, 2, topic_id=1), WINDOW, ALL)
    shared = first & second
    if not shared:
        assert found is None
    else:
        assert found is not None
        assert found.shared == len(shared)
        assert found.percent_of_first == round(100 * len(shared) / len(first), 2)
        assert found.percent_of_second == round(100 * len(shared) / len(second), 2)


@given(IDS, IDS)
def test_the_order_of_the_two_does_not_matter(first: set[int], second: set[int]) -> None:
    one = overlap(side(first, 1), side(second, 2, topic_id=1), WINDOW, ALL)
    other = overlap(side(second, 2, topic_id=1), side(first, 1), WINDOW, ALL)
    assert (one is None) == (other is None)
    if one and other:
        assert (one.shared, one.kind, one.severity, one.axes) == (other.shared, other.kind, other.severity, other.axes)
        assert one.percent_of_first == other.percent_of_second


@given(SENDS, SENDS)
def test_pairs_of_sends_are_counted_as_by_hand(
    first: tuple[tuple[object, int], ...], second: tuple[tuple[object, int], ...]
) -> None:
    by_hand = [(abs(a - b), one, two) for a, one in first for b, two in second if abs(a - b) <= WINDOW]  # type: ignore[operator]
    assert count_pairs(first, second, WINDOW) == len(by_hand)  # type: ignore[arg-type]
    nearest = nearest_pairs(first, second, WINDOW)  # type: ignore[arg-type]
    assert len(nearest) == min(20, len(by_hand))
    apart = {(one, two): distance for distance, one, two in by_hand}
    assert sorted(apart[pair] for pair in nearest) == sorted(apart.values())[:20]
