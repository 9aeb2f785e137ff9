"""Sends on the calendar, and the firings of continuous campaigns."""

from django.db import models
from django.db.models.functions import Now

from audiences.models import Customer

from .campaigns import Campaign, CampaignVersion


class Send(models.Model):
    """One going-out of a campaign: an occurrence of a dated trigger, or one day of a continuous one.

        scheduled → admitting → sending ⇄ paused → done
             └──────────┴──────────┴─────────┴──> cancelled | missed(reason)

    `slot` is the wall-clock moment that makes it unique: `2026-11-24T09:00` for an occurrence, `2026-11-24` for a
    day. A send moved by hand keeps its slot and changes `due_at`; one that was dropped and whose slot another took over
    says so behind it.
    """

    class State(models.TextChoices):
        SCHEDULED = "scheduled", "on the calendar, nothing decided yet"
        ADMITTING = "admitting", "its audience is frozen, customers are being decided on"
        SENDING = "sending", "everyone is decided on, messages are leaving"
        PAUSED = "paused", "stopped for now; nothing leaves"
        DONE = "done", "every delivery has come to its end"
        CANCELLED = "cancelled", "stopped for good"
        MISSED = "missed", "its hour passed; the reason says why"

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="sends")
    slot = models.CharField(max_length=50)
    due_at = models.DateTimeField(help_text="The first instant at which anything of it may leave.")
    # The wall-clock moment that `due_at` stands for where it goes at each customer's own hour; null otherwise.
    local_due = models.CharField(max_length=16, blank=True, default="")
    state = models.CharField(max_length=10, choices=State, default=State.SCHEDULED)
    reason = models.CharField(max_length=200, blank=True, default="")
    moved_by_hand = models.BooleanField(default=False)
    owner_told_at = models.DateTimeField(
        null=True, blank=True, help_text="When the owner was told that it goes out soon and is not approved."
    )
    expected_volume = models.PositiveIntegerField(default=0, help_text="People; estimated for continuous campaigns.")
    # Pinned when the audience is frozen: what goes out is this, whatever is edited later.
    version = models.ForeignKey(CampaignVersion, null=True, blank=True, on_delete=models.PROTECT, related_name="sends")
    audience = models.BinaryField(default=bytes, help_text="The frozen audience, a serialised bitmap.")
    audience_size = models.PositiveIntegerField(default=0)
    frozen_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    sequence = models.PositiveIntegerField(default=0, help_text="iCalendar SEQUENCE: goes up with every change.")
    changed_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["due_at", "id"]
        constraints = [models.UniqueConstraint(fields=["campaign", "slot"], name="one_send_per_slot")]
        indexes = [
            # due_sends(now), and a week of the calendar.
            models.Index(fields=["state", "due_at"], name="send_state_due"),
            models.Index(fields=["due_at"], name="send_due"),
        ]

    def __str__(self) -> str:
        return f"{self.campaign} {self.slot}"


class Firing(models.Model):
    """One reason for one customer to get a continuous campaign: this event, this entry, this silence."""

    class State(models.TextChoices):
        WAITING = "waiting", "due later, or about to be decided on"
        DECIDED = "decided", "admission has decided; the ledger says what"
        DROPPED = "dropped", "the 'unless' event came first, or they are not in the audience any more"

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="firings")
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="firings")
    key = models.CharField(
        max_length=120, help_text="What makes it fire once: event:123, enters:45, silence:2026-11-02"
    )
    occurred_at = models.DateTimeField()
    due_at = models.DateTimeField()
    send = models.ForeignKey(Send, null=True, on_delete=models.CASCADE, related_name="firings")
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    reason = models.CharField(max_length=100, blank=True, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["campaign", "customer", "key"], name="one_firing_per_key"),
        ]
        indexes = [
            # due_firings(now)
            models.Index(fields=["state", "due_at"], name="firing_state_due"),
            # Re-entry: when did this customer last get this campaign?
            models.Index(fields=["campaign", "customer", "-occurred_at"], name="firing_reentry"),
        ]

    def __str__(self) -> str:
        return f"{self.campaign} for {self.customer_id}: {self.key}"


class TriggerCursor(models.Model):
    """How far a continuous campaign has read the events or the refreshes of its segment."""

    campaign = models.OneToOneField(Campaign, on_delete=models.CASCADE, primary_key=True, related_name="cursor")
    position = models.BigIntegerField(default=0)
    read_until = models.DateTimeField(help_text="For silences: every silence that fell due before this has fired.")

    def __str__(self) -> str:
        return f"{self.campaign}: {self.position}"
