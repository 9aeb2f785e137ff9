"""The token buckets that all workers of a deployment share: one key a channel in Redis, taken from by one script.

By Redis's own clock, so that machines cannot disagree. A key that is not there is a full bucket: Redis may lose it.
"""

import logging
import threading
import time
from functools import lru_cache

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.commands.core import Script
from redis.retry import Retry

from deliveries.buckets import Rate

logger = logging.getLogger(__name__)
PATIENCE = 0.5  # seconds for one answer: a window waits for it
ASK_AGAIN = 2.0  # seconds after a failure, so that a Redis that hangs costs every fourth second of sending at most
TELL_AGAIN = 60.0

# The same arithmetic as `deliveries.buckets.Bucket`, in whole millionths of a token and whole microseconds: rounded
# down, so that the sum of many small fillings is never too much. Redis's own text for a float would lose digits.
TAKE = """
local rate, full = tonumber(ARGV[1]), math.floor(tonumber(ARGV[2]) * 1000000)
local wanted, least, kept_back = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local kept = redis.call('HMGET', KEYS[1], 'level', 'at')
local level, at = tonumber(kept[1]) or full, tonumber(kept[2]) or now
level = math.min(full, math.floor(level + math.max(0, now - at) * rate))
local free, granted = math.floor(level / 1000000) - kept_back, 0
if free >= least then granted = math.min(wanted, free) end
redis.call('HSET', KEYS[1], 'level', string.format('%.0f', level - granted * 1000000),
    'at', string.format('%.0f', now))
redis.call('PEXPIRE', KEYS[1], math.ceil(full / rate / 1000) + 1000)
return granted
"""


class SharedRates:
    """What this process knows of the Redis that holds the buckets: whether it answers, and when to say so again."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._silent_until = self._told_at = -TELL_AGAIN

    def take(self, channel: str, rate: Rate, wanted: int, *, urgent: bool) -> int | None:
        """How many of the wanted may go; None while Redis does not answer. Never raises for Redis's sake."""
        return self._run(channel, rate, wanted, rate.least(wanted, urgent=urgent), rate.kept_back(urgent=urgent))

    def give_back(self, channel: str, rate: Rate, count: float) -> None:
        """What was granted and has not gone: to take less than nothing. What would overfill the bucket is cut off when
        it is next taken from. Never asked twice: to give back twice would lift the limit, to lose it only delays."""
        self._run(channel, rate, -count, -count, 0, retries=0)

    def _run(self, channel: str, rate: Rate, *numbers: float, retries: int = 1) -> int | None:
        if time.monotonic() < self._silent_until:
            return None
        try:
            script = _script(settings.REDIS_URL, retries)
            return int(script(keys=[_key(channel)], args=[rate.per_second, rate.burst, *numbers]))
        except (redis.RedisError, OSError) as problem:
            self._note(problem)
            return None

    def _note(self, problem: Exception) -> None:
        now = time.monotonic()
        with self._lock:
            self._silent_until = now + ASK_AGAIN
            is_news = now - self._told_at >= TELL_AGAIN
            self._told_at = now if is_news else self._told_at
        if is_news:
            # The class alone: the text may hold the address with its password.
            name = type(problem).__name__
            logger.warning("Redis does not answer (%s): each worker process keeps to the channels' rates alone", name)


def _key(channel: str) -> str:
    """Deployments that share a Redis have a queue of their own each, and so their own rates."""
    return f"{settings.CELERY_TASK_DEFAULT_QUEUE}:rate:{channel}"


@lru_cache(maxsize=4)
def _script(url: str, retries: int) -> Script:
    """The script on a client of this process; safe for its threads and after a fork. A lost script is loaded again."""
    client = redis.Redis.from_url(
        url, socket_timeout=PATIENCE, socket_connect_timeout=PATIENCE, retry=Retry(NoBackoff(), retries)
    )
    return client.register_script(TAKE)
