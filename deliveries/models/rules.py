"""Rules that hold for every campaign: frequency caps and quiet hours."""

from django.core.exceptions import ValidationError
from django.db import models

from audiences.models import Topic
from campaigns.models import Team


class Cap(models.Model):
    """At most `limit` messages in a window, over everything, one channel, one topic or one team."""

    class Scope(models.TextChoices):
        ALL = "all", "every message"
        CHANNEL = "channel", "one channel"
        TOPIC = "topic", "one topic"
        TEAM = "team", "one team"

    class Kind(models.TextChoices):
        ROLLING = "rolling", "any stretch of this length, to the second"
        CALENDAR = "calendar", "whole days or weeks of the customer's calendar"

    name = models.CharField(max_length=80, unique=True)
    limit = models.PositiveSmallIntegerField(help_text="0 means that nobody gets anything.")
    kind = models.CharField(max_length=8, choices=Kind, default=Kind.ROLLING)
    days = models.PositiveSmallIntegerField(default=7, help_text="Length of the window; calendar: 1 or 7.")
    scope = models.CharField(max_length=7, choices=Scope, default=Scope.ALL)
    channel = models.CharField(max_length=40, blank=True, default="")
    topic = models.ForeignKey(Topic, null=True, blank=True, on_delete=models.CASCADE)
    team = models.ForeignKey(Team, null=True, blank=True, on_delete=models.CASCADE)
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        if self.kind == self.Kind.CALENDAR and self.days not in (1, 7):
            raise ValidationError({"days": "A calendar cap counts whole days (1) or whole weeks (7)."})
        if self.kind == self.Kind.ROLLING and self.days < 1:
            raise ValidationError({"days": "The window must be at least one day."})
        needed = {"channel": self.channel, "topic": self.topic_id, "team": self.team_id}
        if self.scope in needed and not needed[self.scope]:
            raise ValidationError({self.scope: f"Choose the {self.scope} that this cap is for."})


class QuietHours(models.Model):
    """When a channel is silent, in the customer's zone: half-open, may wrap midnight."""

    channel = models.CharField(max_length=40, unique=True)
    start = models.TimeField()
    end = models.TimeField()

    class Meta:
        verbose_name_plural = "quiet hours"
        constraints = [
            models.CheckConstraint(condition=~models.Q(start=models.F("end")), name="quiet_hours_are_not_empty")
        ]

    def __str__(self) -> str:
        return f"{self.channel}: {self.start:%H:%M} to {self.end:%H:%M}"

    def clean(self) -> None:
        if self.start == self.end:
            raise ValidationError("Start and end are the same: that could mean the whole day or nothing at all.")
