"""How many messages may leave on a channel now: `CHANNEL_RATES`, kept by all workers together where there is a Redis.

Without one (the embedded workspace), or while it does not answer, each process keeps to the rate by itself: a lost
Redis neither stops the mail nor lifts the limit.
"""

import threading
import time
from dataclasses import dataclass

from django.conf import settings

from deliveries.buckets import Bucket, Rate
from deliveries.services.shared_rates import SharedRates


class OwnRates:
    """The buckets of this process, shared by its threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._buckets: dict[tuple[str, Rate], Bucket] = {}

    def take(self, channel: str, rate: Rate, wanted: int, *, urgent: bool) -> int:
        with self._lock:
            return self._bucket(channel, rate).take(wanted, time.monotonic(), urgent=urgent)

    def spend(self, channel: str, rate: Rate, count: float) -> None:
        """What the shared bucket granted, less than nothing where it comes back: should Redis go, this one is no fuller
        than that was."""
        with self._lock:
            self._bucket(channel, rate).spend(count, time.monotonic())

    def _bucket(self, channel: str, rate: Rate) -> Bucket:
        return self._buckets.setdefault((channel, rate), Bucket(rate))


_own, _shared = OwnRates(), SharedRates()


def is_limited(channel: str) -> bool:
    return channel in settings.CHANNEL_RATES


@dataclass(frozen=True)
class Allowance:
    """`count` messages may go; they count as gone."""

    count: int
    channel: str
    rate: Rate | None = None  # where it is limited
    is_shared: bool = False
    at: float = 0.0  # when it was asked for, by the monotonic clock

    def give_back(self, unused: int) -> None:
        """So many have not gone. To the bucket that they are from: any other would then hold more than its rate."""
        if self.rate is None or (back := self.rate.returned(unused, time.monotonic() - self.at)) <= 0:
            return
        _own.spend(self.channel, self.rate, -back)
        if self.is_shared:
            _shared.give_back(self.channel, self.rate, back)


def allowance(channel: str, wanted: int, *, urgent: bool = False) -> Allowance:
    """How many of the wanted may go now, 0 to `wanted`; what is not used is to be given back.

    0 means: ask again in a moment (a tenth of a second will do). Bulk is granted by quarters of a second's worth and
    leaves a fifth of a second's worth for the urgent lane, which is granted whatever there is.
    """
    if wanted <= 0 or not is_limited(channel):
        return Allowance(max(wanted, 0), channel)
    rate, at = Rate(settings.CHANNEL_RATES[channel]), time.monotonic()
    granted = _shared.take(channel, rate, wanted, urgent=urgent) if settings.REDIS_URL else None
    if granted is None:
        return Allowance(_own.take(channel, rate, wanted, urgent=urgent), channel, rate, at=at)
    _own.spend(channel, rate, granted)
    return Allowance(granted, channel, rate, is_shared=True, at=at)
