"""How the engine itself is doing: when its parts last ran, and which channels are waiting."""

from django.db import models


class Heartbeat(models.Model):
    """When a part of the engine last ran, whichever process ran it."""

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
    """

    channel = models.CharField(max_length=40, primary_key=True)
    failures = models.PositiveSmallIntegerField(default=0, help_text="In a row, since a message was last taken.")
    waits_until = models.DateTimeField(null=True, blank=True)
    problem = models.CharField(max_length=300, blank=True, default="", help_text="What the other side said.")
    changed_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.channel}: {self.failures} failures"
