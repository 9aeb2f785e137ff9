"""The funnel: numbers that add up, and slices that fit together."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calendar_project.campaign_page.drawing import narrowed, whole
from calendar_project.campaign_page.funnel import NAMED, funnels
from deliveries.admission import REASONS
from deliveries.models import Withheld
from deliveries.queries.forecast import ChannelForecast, Part

SIZES = st.dictionaries(st.sampled_from(REASONS), st.integers(1, 1000))


def test_the_steps_name_every_reason_in_the_order_of_admission() -> None:
    assert set(REASONS) == NAMED == set(Withheld.Reason.values)


@pytest.mark.django_db
@given(SIZES, st.integers(0, 1000))
def test_each_step_is_the_last_one_less_whom_it_loses_and_the_end_are_the_admitted(
    sizes: dict[str, int], admitted: int
) -> None:
    parts = tuple(Part(reason, "", sizes[reason]) for reason in REASONS if reason in sizes)
    audience = admitted + sum(sizes.values())
    (funnel,) = funnels([ChannelForecast("email", audience, admitted, parts)], None)
    left = [step.left for step in funnel.steps]
    assert (left[0], left[-1]) == (audience, admitted)
    assert [before - after for before, after in pairwise(left)] == [step.lost for step in funnel.steps[1:]]
    assert sum(len(step.losses) for step in funnel.steps) == len(parts)
    assert {"audience", "reachable", "consented", "under caps", "will be sent"} <= {step.name for step in funnel.steps}


def test_a_slice_begins_as_wide_as_the_last_one_ends() -> None:
    assert whole(8).body == "0,0 100,0 100,100 0,100"
    assert narrowed(8, 4, 8).body == "0,0 100,0 75,45 75,100 25,100 25,45"
    assert narrowed(8, 4, 8).lost == ("0,0 25,45 0,45", "100,0 75,45 100,45")
    assert narrowed(4, 4, 8).lost == ()
    assert narrowed(4, 4, 8).body.startswith("25,0 75,0")


def test_few_are_seen_and_nobody_is_nothing() -> None:
    assert narrowed(8, 1, 100_000).body.endswith("50.3,45 50.3,100 49.7,100 49.7,45")
    assert whole(0).body == "50,0 50,0 50,100 50,100"
