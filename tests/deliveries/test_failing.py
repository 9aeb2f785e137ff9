"""When a campaign must pause itself: the limits, as arithmetic."""

import pytest

from deliveries.failing import ADVICE, Tally, what_to_do, why_to_pause

RENDERED, BOUNCED, COMPLAINED = ADVICE.values()


@pytest.mark.parametrize(
    ("tally", "why"),
    [
        (Tally(0), ""),
        (Tally(99, unrendered=99, bounced=99, complained=99), ""),
        (Tally(100, unrendered=5), ""),
        (Tally(100, unrendered=6), "6 of the last 100 messages could not be rendered."),
        (Tally(1_000, unrendered=50), ""),
        (Tally(1_000, unrendered=61), "61 of the last 1,000 messages could not be rendered."),
        (Tally(1_000, bounced=49), ""),
        (Tally(1_000, bounced=50), "50 of the last 1,000 messages went to addresses that do not exist."),
        (Tally(100, bounced=5), "5 of the last 100 messages went to addresses that do not exist."),
        (Tally(999, complained=999), ""),
        (Tally(1_000, complained=2), ""),
        (Tally(1_000, complained=3), "3 of the last 1,000 messages were reported as spam."),
    ],
)
def test_the_limits_are_as_documented(tally: Tally, why: str) -> None:
    assert why_to_pause(tally) == why


def test_everything_that_is_wrong_is_said_and_fits_into_the_history() -> None:
    why = why_to_pause(Tally(1_000, 1_000, 1_000, 1_000))
    assert why.count("1,000 of the last 1,000 messages") == 3
    assert len(why) < 500
    assert what_to_do(why) == [RENDERED, BOUNCED, COMPLAINED]


def test_what_to_do_is_about_what_happened() -> None:
    assert what_to_do(why_to_pause(Tally(1_000, complained=3))) == [COMPLAINED]
    assert what_to_do("somebody's own words") == []
