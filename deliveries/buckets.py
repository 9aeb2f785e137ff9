"""The token bucket behind a channel's rate: pure arithmetic over a level and a moment in seconds.

A bucket fills by `per_second` up to one second's worth and is full at the start, so that no stretch of time ever holds
more than its own share and one second's worth.
"""

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Rate:
    """How many messages a second may leave on a channel; more than 0, parts of one allowed."""

    per_second: float

    @property
    def burst(self) -> float:
        """One second's worth; at least one message, or nothing would ever leave."""
        return max(1.0, self.per_second)

    def kept_back(self, *, urgent: bool) -> int:
        """What a bulk send leaves in the bucket, so that a triggered message finds a token at once."""
        return 0 if urgent else int(self.burst / 5)

    def least(self, wanted: int, *, urgent: bool) -> int:
        """Below this nothing is granted: bulk goes by quarters of a second, or each window would hold one message."""
        return 1 if urgent else min(wanted, max(1, int(self.per_second / 4)))

    def returned(self, unused: int, seconds: float) -> float:
        """How much of these may go back so many seconds after they were taken. What has come in since might have
        found no room had they stayed, so that it is counted off: the bucket is never fuller than if they had."""
        return max(0.0, unused - seconds * self.per_second)


class Bucket:
    """One channel's bucket in this process. `at` is any clock that only goes forward, in seconds. Not thread-safe."""

    def __init__(self, rate: Rate) -> None:
        self.rate = rate
        self._level = rate.burst
        self._at: float | None = None

    def take(self, wanted: int, at: float, *, urgent: bool = False) -> int:
        """How many of the wanted may go at this moment: 0 to `wanted`, and gone from the bucket."""
        self._fill(at)
        free = math.floor(self._level) - self.rate.kept_back(urgent=urgent)
        granted = min(wanted, free) if free >= self.rate.least(wanted, urgent=urgent) else 0
        self._level -= granted
        return granted

    def spend(self, count: float, at: float) -> None:
        """Take note of what was granted elsewhere, so that this bucket is no second allowance. Less than 0: of what was
        taken and has not gone."""
        self._fill(at)
        self._level = min(self.rate.burst, max(0.0, self._level - count))

    def _fill(self, at: float) -> None:
        passed = max(0.0, at - self._at) if self._at is not None else 0.0
        self._level = min(self.rate.burst, self._level + passed * self.rate.per_second)
        self._at = at
