from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from audiences.until import NoSuchMoment, end_of, read_until, until_words

BERLIN = ZoneInfo("Europe/Berlin")


def test_a_day_is_meant_to_its_end_in_the_zone() -> None:
    assert read_until("2026-11-27", BERLIN) == datetime(2026, 11, 27, 23, tzinfo=UTC)
    assert read_until("2026-11-27", UTC) == datetime(2026, 11, 28, tzinfo=UTC)
    # The day on which clocks go back is an hour longer.
    assert end_of(date(2026, 10, 25), BERLIN) == datetime(2026, 10, 25, 23, tzinfo=UTC)


def test_a_moment_has_its_offset() -> None:
    assert read_until("2026-11-27T14:00:00+01:00", UTC) == datetime(2026, 11, 27, 13, tzinfo=UTC)


@pytest.mark.parametrize(
    "text", ["", "Friday", "2026-11-31", "2026-11-27T14:00:00", "9999-12-31", "9999-01-01T00:00:00Z", "2026-W48-5T"]
)
def test_what_is_no_day_and_no_moment_is_told_so(text: str) -> None:
    with pytest.raises(NoSuchMoment, match="2026-11-27"):
        read_until(text, BERLIN)


def test_an_end_is_said_as_it_was_meant() -> None:
    assert until_words(None, BERLIN) == "until somebody lifts it"
    assert until_words(end_of(date(2026, 11, 27), BERLIN), BERLIN) == "until the end of Friday 27 November 2026"
    assert until_words(datetime(2026, 11, 27, 13, tzinfo=UTC), BERLIN) == "until 14:00 on Friday 27 November 2026"
