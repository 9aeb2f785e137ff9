"""What becomes of a campaign's people and of what it taught: handoffs to another owner, and retirements."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from .campaigns import Campaign


class Handoff(models.Model):
    """A campaign that is offered to somebody. Until they accept it is its owner's, and flagged wherever it is shown."""

    class State(models.TextChoices):
        OFFERED = "offered", "not answered yet"
        ACCEPTED = "accepted", "theirs now"
        DECLINED = "declined", "they did not want it"
        WITHDRAWN = "withdrawn", "taken back before it was answered"

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="handoffs")
    state = models.CharField(max_length=9, choices=State, default=State.OFFERED)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+", help_text="Whose it was."
    )
    to = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="handoffs")
    offered_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    offered_at = models.DateTimeField()
    note = models.CharField(max_length=500, blank=True, default="")
    answered_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            # Offered to one person at a time. The index behind it serves the flag on cards and pages.
            models.UniqueConstraint(
                fields=["campaign"], condition=Q(state="offered"), name="one_open_handoff_per_campaign"
            )
        ]
        indexes = [
            # handoffs_to(user): what waits for an answer of the person who looks.
            models.Index(fields=["to"], condition=Q(state="offered"), name="handoff_to_answer")
        ]

    def __str__(self) -> str:
        return f"{self.campaign} to {self.to}"


class Retirement(models.Model):
    """Why a campaign was stopped for good, and what was learnt from it."""

    campaign = models.OneToOneField(Campaign, on_delete=models.CASCADE, related_name="retirement")
    why = models.CharField(max_length=500)
    learnt = models.CharField(max_length=1000, blank=True, default="")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ["-at"]
        indexes = [
            # The page of what was stopped, the latest first.
            models.Index(fields=["-at"], name="retirement_latest")
        ]

    def __str__(self) -> str:
        return f"{self.campaign}: {self.why}"
