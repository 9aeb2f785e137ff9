from collections.abc import Iterator

import pytest

from deliveries.channels.base import Channel, Outcome, Verdict
from deliveries.channels.memory import MemoryChannel
from tests.deliveries.channels.contract import ChannelContract


class TestMemory(ChannelContract):
    @pytest.fixture(autouse=True)
    def _empty(self) -> Iterator[None]:
        MemoryChannel.clear()
        yield
        MemoryChannel.clear()

    def open_channel(self) -> Channel:
        return MemoryChannel()

    def received(self) -> list[str]:
        return [outgoing.title for outgoing in MemoryChannel.sent]

    def test_a_required_field_that_is_empty_is_refused_aloud(self) -> None:
        """It takes what it is given: that is its point."""

    def test_a_test_may_look_around_before_a_message_is_asked_about_and_before_it_is_answered(self) -> None:
        seen: list[str] = []
        MemoryChannel.on_message = lambda outgoing: seen.append(f"taken {outgoing.delivery_id}")
        MemoryChannel.on_leaving = lambda outgoing: seen.append(f"leaving {outgoing.delivery_id}")
        self.send(*self.batch(2), may_leave=lambda delivery_id: delivery_id == 2)
        assert seen == ["taken 1", "taken 2", "leaving 2"]

    def test_it_answers_as_told_and_takes_no_more_once_it_asked_to_slow_down(self) -> None:
        slowly = Outcome(1, Verdict.DEFERRED, slow_down=True)
        MemoryChannel.answers["c1"] = [Verdict.AMBIGUOUS, slowly]
        assert self.verdicts(*self.batch(2)) == [(1, Verdict.AMBIGUOUS), (2, Verdict.ACCEPTED)]
        assert self.send(*self.batch(2)) == [slowly]
