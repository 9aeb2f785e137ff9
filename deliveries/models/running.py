"""How the engine itself is doing: when its parts last ran, and which channels are waiting."""

from datetime import datetime

from django.db import models


class Heartbeat(models.Model):
    """When a part of the engine last ran to its end, whichever process ran it."""

    class Part(models.TextChoices):
        TICK = "tick", "asks what is due"
        DISPATCHER = "dispatcher", "wakes the dispatch of each channel"
        REAPER = "reaper", "settles what a lost worker left behind"

    part = models.CharField(max_length=20, primary_key=True, choices=Part)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.part} at {self.at:%H:%M:%S}"


class Breaker(models.Model):
    """One channel's circuit breaker. No row, or no failures: closed, everything may leave.

        closed ──the other side asks for patience──> waiting until `waits_until`, longer each time
        waiting ──that moment passes──> half open: a few messages try it ──accepted──> closed
                                                                         ──refused──> waiting, longer

    Only `services.breakers` writes it.
    """

    class Standing(models.TextChoices):
        CLOSED = "closed", "messages leave"
        WAITING = "waiting", "nothing is tried before its time"
        HALF_OPEN = "half open", "a few messages try it"

    channel = models.CharField(max_length=40, primary_key=True)
    failures = models.PositiveSmallIntegerField(default=0, help_text="In a row, since a message was last taken.")
    waits_until = models.DateTimeField(null=True, blank=True)
    problem = models.CharField(max_length=300, blank=True, default="", help_text="What the other side said.")
    changed_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.channel}: {self.failures} failures"

    def standing(self, now: datetime) -> Standing:
        if not self.failures:
            return self.Standing.CLOSED
        waits = self.waits_until is not None and self.waits_until > now
        return self.Standing.WAITING if waits else self.Standing.HALF_OPEN
