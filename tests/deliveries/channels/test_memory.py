from collections.abc import Iterator

import pytest

from deliveries.channels.base import Channel
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
