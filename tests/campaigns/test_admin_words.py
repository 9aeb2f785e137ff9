"""What the admin of campaigns says in words, and reads from them."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.admin.durations import UnreadableDuration, in_words, read
from campaigns.admin.trigger_words import rule_in_words


@given(st.integers(min_value=0, max_value=3650 * 24 * 60))
def test_a_length_of_time_is_read_back_from_its_words(minutes: int) -> None:
    length = timedelta(minutes=minutes)
    assert read(in_words(length)) == length


@pytest.mark.parametrize(
    ("words", "hours"), [("2h", 2), ("1 day and 6 hours", 30), ("1 week", 168), ("90 min", 1.5), ("1 DAY, 1 hour", 25)]
)
def test_lengths_are_read_as_people_write_them(words: str, hours: float) -> None:
    assert read(words) == timedelta(hours=hours)


@pytest.mark.parametrize("words", ["", "soon", "2", "2 days tomorrow", "-1 day", "1.5 days", "9" * 40 + " weeks"])
def test_what_is_no_length_of_time_is_refused(words: str) -> None:
    with pytest.raises(UnreadableDuration):
        read(words)


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("FREQ=DAILY", "every day"),
        ("FREQ=WEEKLY;BYDAY=TU,TH", "every week on Tue, Thu"),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=FR", "every 2 weeks on Fri"),
        ("FREQ=MONTHLY;BYMONTHDAY=1,15", "every month on day 1, 15"),
        ("FREQ=MONTHLY;BYDAY=1MO", "FREQ=MONTHLY;BYDAY=1MO"),
        ("FREQ=DAILY;COUNT=3", "FREQ=DAILY;COUNT=3"),
    ],
)
def test_a_recurrence_is_said_in_words_where_they_are_the_whole_of_it(rule: str, words: str) -> None:
    assert rule_in_words(rule) == words
