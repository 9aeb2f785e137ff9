"""How the engine is doing: the breakers that wait, and the parts that have not been heard of."""

from datetime import datetime, timedelta

from deliveries.models import Breaker, Heartbeat

SILENT_AFTER = timedelta(seconds=60)


def standing(channel: str, now: datetime) -> Breaker.Standing:
    """Where the channel's breaker stands. One statement."""
    breaker = Breaker.objects.filter(channel=channel).first()
    return breaker.standing(now) if breaker else Breaker.Standing.CLOSED


def standings(now: datetime) -> dict[str, Breaker.Standing]:
    """The same of every channel that has a row."""
    return {breaker.channel: breaker.standing(now) for breaker in Breaker.objects.all()}


def waiting_channels(now: datetime) -> set[str]:
    """The channels on which nothing is to be tried yet."""
    return set(Breaker.objects.filter(failures__gt=0, waits_until__gt=now).values_list("channel", flat=True))


def ages(now: datetime) -> dict[str, timedelta | None]:
    """How long ago each part of the engine last ran; None for one that never did."""
    found = dict(Heartbeat.objects.values_list("part", "at"))
    return {part: max(now - found[part], timedelta(0)) if part in found else None for part in Heartbeat.Part.values}


def silent_parts(now: datetime, started: datetime) -> dict[str, timedelta | None]:
    """The parts that have not run for a minute, with how long ago they last did.

    `started` is when the asking process began: until it is a minute old nothing counts as silent, because what was
    started together with it, or stood still for an upgrade, has had no time to run.
    """
    if now - started <= SILENT_AFTER:
        return {}
    return {part: age for part, age in ages(now).items() if age is None or age > SILENT_AFTER}
