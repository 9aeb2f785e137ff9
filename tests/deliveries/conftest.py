"""What tests of dispatch share."""

from collections.abc import Iterator
from typing import Any

import pytest

from deliveries.channels.memory import MemoryChannel


@pytest.fixture
def memory(settings: Any) -> Iterator[type[MemoryChannel]]:
    """A channel `memory` beside the real ones: what was sent in it, and what it is told to answer."""
    settings.CHANNELS = {**settings.CHANNELS, "memory": "deliveries.channels.memory.MemoryChannel"}
    MemoryChannel.clear()
    yield MemoryChannel
    MemoryChannel.clear()
