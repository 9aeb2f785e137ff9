"""Findings: what the overlap checker says about a pair of campaigns."""

from django.conf import settings
from django.db import models

from .campaigns import Campaign


class Finding(models.Model):
    """Two campaigns that share customers inside the window; one row per pair and kind, whatever their sends.

    `key` is stable over checks, so an acknowledged finding stays acknowledged until `inputs` changes.
    """

    class Kind(models.TextChoices):
        DUPLICATE = "duplicate", "same channel and the same goal or topic"
        CROWDING = "crowding", "many of the same customers within the window"

    class Severity(models.TextChoices):
        HIGH = "high", "High"
        MEDIUM = "medium", "Medium"
        LOW = "low", "Low"

    class State(models.TextChoices):
        OPEN = "open", "to be settled"
        ACKNOWLEDGED = "acknowledged", "known, and left with a reason"
        RESOLVED = "resolved", "no longer so"

    key = models.CharField(max_length=80, unique=True)
    kind = models.CharField(max_length=10, choices=Kind)
    severity = models.CharField(max_length=6, choices=Severity)
    state = models.CharField(max_length=12, choices=State, default=State.OPEN)
    first = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="findings_as_first")
    second = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="findings_as_second")
    sends = models.JSONField(default=list, help_text="Pairs of send ids, the nearest in time first; at most 20.")
    sends_total = models.PositiveIntegerField(default=0)
    shared = models.PositiveIntegerField(help_text="Customers in both audiences.")
    percent_of_first = models.DecimalField(max_digits=5, decimal_places=2)
    percent_of_second = models.DecimalField(max_digits=5, decimal_places=2)
    axes = models.JSONField(default=list, help_text="What else is shared: channel:email, topic:tips, goal:ordered")
    is_estimated = models.BooleanField(default=False, help_text="One of them is continuous: its volume is expected.")
    inputs = models.CharField(max_length=64, help_text="Digest of what the finding was made from.")
    acknowledged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    acknowledged_reason = models.CharField(max_length=300, blank=True, default="")
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    found_at = models.DateTimeField()
    checked_at = models.DateTimeField()

    class Meta:
        ordering = ["state", "severity", "-shared"]
        indexes = [models.Index(fields=["state", "first"], name="finding_open")]

    def __str__(self) -> str:
        return f"{self.first} × {self.second}: {self.shared} shared"
