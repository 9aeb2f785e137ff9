"""The ledger: one row per message that was admitted, and the sets of those who were withheld."""

from django.db import models
from django.db.models.functions import Now

from audiences.models import Customer, Topic
from campaigns.models import CampaignVersion, Send, Team


class Delivery(models.Model):
    """One customer, one channel, one send (and one firing): what was decided and what happened.

        planned ──mark──> sending ──outcome──> sent | failed | uncertain
           ^  │              │                 deferred, held: back to planned
           │  └──claim──> claimed ──another moment──> planned
           └─────────────────┴── its worker died and had not begun
        sending ── its worker died, and whether it left is not known ──> uncertain (at-least-once: planned)
        uncertain ──evidence──> sent | failed | planned
        planned, claimed ──> withheld(reason) | cancelled | expired | missed | failed(poison)

    Where it was to be sent again because it may have left (`repeats`), every end but `sent` is `uncertain`.
    Only `services.ledger` writes `state`; every move there is one conditional update.
    """

    class State(models.TextChoices):
        PLANNED = "planned", "admitted; leaves when due"
        CLAIMED = "claimed", "a worker has it, nothing has left"
        SENDING = "sending", "about to leave, or leaving"
        SENT = "sent", "the channel took it"
        FAILED = "failed", "the channel refused it for good"
        UNCERTAIN = "uncertain", "not confirmed: it may have left"
        WITHHELD = "withheld", "stopped after admission; the reason says why"
        CANCELLED = "cancelled", "its campaign was cancelled"
        EXPIRED = "expired", "too late to be of use"
        MISSED = "missed", "its hour passed while nothing could be sent"

    # States that hold a slot under the caps: all in which the message left, may have left or still will.
    HOLDING = (State.PLANNED, State.CLAIMED, State.SENDING, State.SENT, State.UNCERTAIN)
    OPEN = (State.PLANNED, State.CLAIMED, State.SENDING)

    # No index of their own on foreign keys: a row is written three times on its way, and every index each time. The
    # unique constraint serves `send`, `delivery_customer_due` serves `customer`; nobody looks for the others.
    send = models.ForeignKey(Send, on_delete=models.PROTECT, related_name="deliveries", db_index=False)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="deliveries", db_index=False)
    channel = models.CharField(max_length=40)
    # 0 for a dated send. Not a foreign key: the uniqueness below must never meet a null.
    firing_id = models.BigIntegerField(default=0)
    version = models.ForeignKey(CampaignVersion, on_delete=models.PROTECT, related_name="+", db_index=False)
    variant = models.CharField(max_length=20)
    # Copied, so that history does not change when a campaign is relabelled.
    topic = models.ForeignKey(Topic, on_delete=models.PROTECT, related_name="+", db_index=False)
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="+", db_index=False)
    # Triggered or transactional: claimed by dispatches of its own, which no bulk send holds up.
    urgent = models.BooleanField(default=False)
    obeys_caps = models.BooleanField()
    counts_toward_caps = models.BooleanField()

    state = models.CharField(max_length=10, choices=State, default=State.PLANNED)
    reason = models.CharField(max_length=200, blank=True, default="")
    due_at = models.DateTimeField(help_text="When it may leave; where its slot under the caps sits.")
    closes_at = models.DateTimeField(help_text="When it may leave no more: quiet hours begin, or it expires.")
    expires_at = models.DateTimeField(help_text="Too late to be of use.")
    lease_token = models.CharField(max_length=32, blank=True, default="")
    lease_until = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    claims = models.PositiveSmallIntegerField(default=0, help_text="Times in hand without an end: five are poison.")
    repeats = models.PositiveSmallIntegerField(default=0, help_text="Times sent again after the answer was lost.")
    message_id = models.CharField(max_length=120, blank=True, default="")
    evidence = models.JSONField(default=dict, blank=True, help_text="What the channel saw: phase, code, text.")
    admitted_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "deliveries"
        constraints = [
            models.UniqueConstraint(
                fields=["send", "customer", "channel", "firing_id"], name="one_delivery_per_send_customer_channel"
            )
        ]
        indexes = [
            # claim(channel, urgent, now): what is due of each send under way, oldest first. By send, so that what a
            # paused one has waiting stands in nobody's way.
            models.Index(
                fields=["send", "channel", "urgent", "due_at", "id"],
                condition=models.Q(state="planned"),
                name="delivery_claimable",
            ),
            # The reaper: leases that ran out.
            models.Index(
                fields=["lease_until"], condition=models.Q(state__in=["claimed", "sending"]), name="delivery_leased"
            ),
            # Slots under the caps, and a customer's timeline.
            models.Index(fields=["customer", "due_at"], name="delivery_customer_due"),
            # Outcomes of a send.
            models.Index(fields=["send", "channel", "state"], name="delivery_send_state"),
            # The latest that were tried: how fast it goes, and whether a campaign must pause itself. Written once.
            models.Index(
                fields=["version", "finished_at", "id"],
                condition=models.Q(state__in=["sent", "failed", "uncertain"]),
                name="delivery_latest",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.channel} to {self.customer_id}: {self.state}"


class Withheld(models.Model):
    """Those of one send, channel and shard who were not admitted, for one reason and one thing that bound them.

    `members` are customer ids for a dated send, firing ids for a continuous one (one customer may fire twice).
    """

    class Reason(models.TextChoices):
        UNREACHABLE = "unreachable", "the channel cannot reach them"
        SUPPRESSED = "suppressed", "suppressed after a bounce, a complaint or by hand"
        UNSUBSCRIBED = "unsubscribed", "not subscribed to the topic on this channel"
        ON_HOLD = "on_hold", "on hold: somebody asked that no marketing reach them for a while"
        OTHER_CHANNEL = "other_channel", "an earlier channel of the same send reaches them"
        DUPLICATE = "duplicate", "they had this campaign within its re-entry period"
        HELD_OUT = "held_out", "held out, so that the effect can be measured"
        MISSED = "missed", "their hour had passed by more than the grace"
        EXPIRED = "expired", "quiet hours or a cap would have made it too late"
        CAPPED = "capped", "a frequency cap is full"
        YIELDED = "yielded", "their slot is kept for a send of higher priority"

    send = models.ForeignKey(Send, on_delete=models.PROTECT, related_name="withheld")
    channel = models.CharField(max_length=40)
    shard = models.PositiveIntegerField()
    reason = models.CharField(max_length=13, choices=Reason)
    # "cap:3", "campaign:9", "topic:2", "global" or "campaign" for a holdout; empty where the reason says it all.
    bound_by = models.CharField(max_length=60, blank=True, default="")
    members = models.BinaryField()
    size = models.PositiveIntegerField()

    class Meta:
        verbose_name_plural = "withheld"
        constraints = [
            models.UniqueConstraint(
                fields=["send", "channel", "shard", "reason", "bound_by"], name="one_withheld_set_per_reason"
            )
        ]

    def __str__(self) -> str:
        return f"{self.size} {self.reason}"


class ShardAdmission(models.Model):
    """The mark that a shard of a send has been admitted, written with its rows: admitting it again does nothing.

    `due_at` tells the zones of a local send apart; for any other it is the send's own.
    """

    send = models.ForeignKey(Send, on_delete=models.PROTECT, related_name="shard_admissions")
    shard = models.PositiveIntegerField()
    due_at = models.DateTimeField()
    admitted_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["send", "shard", "due_at"], name="one_admission_per_shard")]

    def __str__(self) -> str:
        return f"{self.send_id} shard {self.shard}"


class Tally(models.Model):
    """The messages of a send that is over, counted once: a page that shows it need not count a ledger of millions.

    `counts`: by channel, then by state. `queries.tallies` says when it holds.
    """

    send = models.OneToOneField(Send, primary_key=True, on_delete=models.CASCADE, related_name="tally")
    counts = models.JSONField(default=dict)

    class Meta:
        verbose_name_plural = "tallies"

    def __str__(self) -> str:
        return f"send {self.send_id}"
