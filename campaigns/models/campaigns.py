"""Campaigns: one purpose each, with the versions that were approved and the record of who did what."""

from typing import Any

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models.functions import Now

from audiences.models import Segment, Topic

from .teams import Milestone, Team


class Campaign(models.Model):
    """One purpose: an owner and team, an audience, a trigger, messages, a goal, a priority.

        draft ──ask──> in_review ──approve──> approved ──first send──> running ⇄ paused
          ^               │                      │                        │        │
          └── decline ────┘        any edit ─────┴────────────────────────┴────────┴──> draft
        running ──last send over──> done          any but done ──cancel──> cancelled

    The allowed moves are `lifecycle.MOVES`; only `services.states` writes `status`.
    """

    class Status(models.TextChoices):
        DRAFT = "draft", "Draft"
        IN_REVIEW = "in_review", "In review"
        APPROVED = "approved", "Approved"
        RUNNING = "running", "Running"
        PAUSED = "paused", "Paused"
        DONE = "done", "Done"
        CANCELLED = "cancelled", "Cancelled"

    class Trigger(models.TextChoices):
        AT = "at", "at a date and time"
        RECURRING = "recurring", "again and again (RRULE)"
        EVENT = "event", "when a customer does something"
        ENTERS = "enters", "when a customer enters a segment"
        SILENCE = "silence", "when a customer has not done something for days"

    class Zone(models.TextChoices):
        WORKSPACE = "workspace", "the workspace's time"
        CUSTOMER = "customer", "each customer's own time"

    class Reach(models.TextChoices):
        ALL = "all", "every channel"
        FIRST = "first", "the first channel that reaches them"

    class OnBreach(models.TextChoices):
        SKIP = "skip", "leave them out"
        DEFER = "defer", "wait until the cap allows it"

    name = models.CharField(max_length=120)
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="campaigns")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL)
    topic = models.ForeignKey(Topic, on_delete=models.PROTECT, related_name="campaigns")
    milestone = models.ForeignKey(Milestone, null=True, blank=True, on_delete=models.SET_NULL)
    is_template = models.BooleanField(default=False, help_text="A start for others; never goes out itself.")
    # Not a part of the plan: it changes nothing of what goes out, and so voids no approval.
    is_private = models.BooleanField(
        default=False,
        db_default=False,
        help_text="Other teams see when it goes out, through what and to how many; nothing else.",
    )

    # Audience
    include = models.ManyToManyField(Segment, related_name="included_by", blank=True)
    exclude = models.ManyToManyField(Segment, related_name="excluded_by", blank=True)
    holdout_percent = models.DecimalField(
        max_digits=5, decimal_places=2, default=0, validators=[MinValueValidator(0), MaxValueValidator(90)]
    )

    # Content
    channels = models.JSONField(default=list, help_text="Channel names in their order.")
    reach = models.CharField(max_length=5, choices=Reach, default=Reach.ALL)

    # Schedule. Wall-clock values: what they mean as instants depends on `zone`.
    trigger = models.CharField(max_length=10, choices=Trigger, default=Trigger.AT)
    zone = models.CharField(max_length=10, choices=Zone, default=Zone.WORKSPACE)
    start_date = models.DateField(null=True, blank=True, help_text="at: the day; recurring: the first day.")
    local_time = models.TimeField(null=True, blank=True, help_text="The hour by the clock on the wall.")
    rrule = models.CharField(max_length=300, blank=True, default="", help_text="For example FREQ=WEEKLY;BYDAY=TU")
    event = models.CharField(max_length=100, blank=True, default="", help_text="event, silence: the event's name.")
    delay = models.DurationField(null=True, blank=True, help_text="event, enters: how long after.")
    unless_event = models.CharField(max_length=100, blank=True, default="", help_text="Not if this came in between.")
    trigger_segment = models.ForeignKey(
        Segment, null=True, blank=True, on_delete=models.PROTECT, related_name="triggers"
    )
    silence_days = models.PositiveSmallIntegerField(null=True, blank=True)
    reentry_days = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="Again after so many days; 0: always; empty: once per customer."
    )
    expires_after = models.DurationField(null=True, blank=True, help_text="Too late to be of use after this.")
    priority = models.PositiveSmallIntegerField(default=50, validators=[MaxValueValidator(100)])
    obeys_caps = models.BooleanField(default=True)
    counts_toward_caps = models.BooleanField(default=True)
    on_breach = models.CharField(max_length=5, choices=OnBreach, default=OnBreach.SKIP)
    obeys_quiet_hours = models.BooleanField(default=True)
    transactional = models.BooleanField(
        default=False, help_text="Skips caps, quiet hours, holdouts and consent; never a hard bounce."
    )
    at_least_once = models.BooleanField(
        default=False, help_text="Transactional alone: sent again where the answer was lost, perhaps twice."
    )

    # Goal
    goal_event = models.CharField(max_length=100, blank=True, default="")
    goal_within = models.DurationField(null=True, blank=True)
    guardrails = models.JSONField(default=list, blank=True, help_text="Events that it does not want to see.")
    hypothesis = models.TextField(blank=True, default="")
    experiment_ends = models.DateField(null=True, blank=True)

    # Life
    status = models.CharField(max_length=10, choices=Status, default=Status.DRAFT, editable=False)
    approved_version = models.ForeignKey(
        "CampaignVersion", null=True, blank=True, editable=False, on_delete=models.SET_NULL, related_name="+"
    )
    started_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    updated_at = models.DateTimeField(db_default=Now(), editable=False)

    # What stands for a campaign that somebody may not see (`campaigns.veils`).
    is_veiled = False

    class Meta:
        ordering = ["-id"]
        indexes = [
            # The tick asks for what may fire and what may be planned.
            models.Index(fields=["status", "trigger"], name="campaign_status_trigger"),
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, **options: Any) -> None:
        """The plan alone, once the row is there: whoever saves what they read a moment ago must not undo a pause or an
        approval that came in between. The life is written by `services.states`."""
        if self.is_veiled:
            raise TypeError("A veil is to be looked at: written down, it would take the place of its campaign.")
        if not self._state.adding and options.get("update_fields") is None:
            deferred = self.get_deferred_fields()
            loaded = {field.name for field in self._meta.concrete_fields if field.attname not in deferred}
            options["update_fields"] = loaded - {"id", "status", "approved_version", "started_at"}
        super().save(**options)

    @property
    def is_continuous(self) -> bool:
        return self.trigger in (self.Trigger.EVENT, self.Trigger.ENTERS, self.Trigger.SILENCE)

    @property
    def is_approved(self) -> bool:
        return self.approved_version_id is not None


class CampaignVersion(models.Model):
    """One immutable version of a campaign's plan. Approvals and sends point here, so an edit changes neither.

    `plan` is `campaigns.plan.Plan.as_json()`.
    """

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    plan = models.JSONField()
    digest = models.CharField(max_length=64)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["campaign", "number"]
        constraints = [models.UniqueConstraint(fields=["campaign", "number"], name="one_version_per_number")]

    def __str__(self) -> str:
        return f"{self.campaign} v{self.number}"


class HistoryEntry(models.Model):
    """Who did what to a campaign, and when. Never edited; that the owner was told of it is added."""

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="history")
    version = models.ForeignKey(CampaignVersion, null=True, on_delete=models.SET_NULL, related_name="history")
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    action = models.CharField(max_length=20)
    note = models.CharField(max_length=500, blank=True, default="")
    owner_told_at = models.DateTimeField(
        null=True, blank=True, help_text="When the owner was told by mail that the campaign paused itself."
    )

    class Meta:
        ordering = ["id"]
        verbose_name_plural = "history"

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.action}"
