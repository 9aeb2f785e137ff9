"""The measure of the week page, small and once: both sides show every send. Times say nothing here."""

import pytest

from bench.week_page import measure, told


@pytest.mark.only_on("postgresql")
def test_a_small_week_is_measured_beside_the_bare_view() -> None:
    found = measure(sends=30, rounds=2, gone=600)
    gone = found.pop("gone")
    figures = {"median_ms", "p95_ms", "bare_median_ms", "ratio", "bytes", "queries"}
    assert (set(found), set(gone)) == (figures | {"sends"}, figures | {"messages"})
    assert (found["sends"], found["queries"], gone["messages"], gone["queries"]) == (30, 28, 600, 28)
    assert found["bytes"] > 10_000


def test_the_medians_are_of_each_side_and_the_ratio_is_theirs() -> None:
    rounds = [(0.09, 0.03), (0.06, 0.05), (0.3, 0.02)]
    assert told(rounds) == {"median_ms": 90.0, "p95_ms": 300.0, "bare_median_ms": 30.0, "ratio": 3.0}
