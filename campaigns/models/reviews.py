"""Reviews: the weekly meeting as a record. What was on its agenda, and what was decided."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from .campaigns import Campaign
from .findings import Finding
from .sends import Send


class Review(models.Model):
    """The review that settles one week. Opening freezes its agenda; closing makes it the minutes for good."""

    class State(models.TextChoices):
        OPEN = "open", "being held"
        CLOSED = "closed", "over; nothing of it changes any more"

    week = models.CharField(max_length=8, help_text="The ISO week that is settled, such as 2026-W48.")
    state = models.CharField(max_length=6, choices=State, default=State.OPEN)
    since = models.DateTimeField(help_text="What happened after this is on the agenda: when the one before was closed.")
    opened_at = models.DateTimeField()
    opened_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    closed_at = models.DateTimeField(null=True)
    closed_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    notes = models.TextField(blank=True, default="", help_text="What else was said, for the minutes.")

    class Meta:
        ordering = ["-week"]
        constraints = [
            # Two people who open it at once hold one review. The index behind it serves the address of the page.
            models.UniqueConstraint(fields=["week"], name="one_review_per_week"),
            # What is undecided goes from the last review to the next one: with two open there would be no next one.
            models.UniqueConstraint(fields=["state"], condition=Q(state="open"), name="one_review_open_at_a_time"),
            models.CheckConstraint(
                condition=Q(state="open", closed_at=None) | Q(state="closed", closed_at__isnull=False),
                name="closed_review_says_when",
            ),
        ]

    def __str__(self) -> str:
        return f"Review of week {self.number}, {self.week[:4]}"

    @property
    def number(self) -> int:
        return int(self.week[6:])

    @property
    def is_open(self) -> bool:
        return self.state == self.State.OPEN


class AgendaItem(models.Model):
    """One thing to talk about, as it stood when the review was opened.

    `facts` are plain values and name no campaign, so that who may not know of one can be shown the item without it.
    """

    class About(models.TextChoices):
        FINDING = "finding", "Findings, worst first"
        EXPERIMENT = "experiment", "Experiments that end"
        LACKING = "lacking", "Without a goal or an owner"
        HANDOFF = "handoff", "Handed over, not accepted yet"
        SEND = "send", "Goes out in this week"
        CHANGED = "changed", "Changed since the last review"
        WENT_OUT = "went_out", "Went out, and what it did"

    #: What the teams have to decide; it carries over until they do. The rest is there to be looked at.
    TO_DECIDE = (About.FINDING, About.EXPERIMENT, About.LACKING, About.HANDOFF)

    review = models.ForeignKey(Review, on_delete=models.CASCADE, related_name="items")
    place = models.PositiveIntegerField(help_text="Its number on the agenda.")
    about = models.CharField(max_length=10, choices=About)
    key = models.CharField(max_length=40, help_text="What it is about, over reviews: finding:12, send:5, changed:7")
    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="agenda_items")
    name = models.CharField(max_length=120, help_text="What the campaign was called then.")
    other = models.ForeignKey(
        Campaign, null=True, on_delete=models.PROTECT, related_name="+", help_text="The second one of a finding."
    )
    other_name = models.CharField(max_length=120, blank=True, default="")
    send = models.ForeignKey(Send, null=True, on_delete=models.SET_NULL, related_name="+")
    other_send = models.ForeignKey(Send, null=True, on_delete=models.SET_NULL, related_name="+")
    finding = models.ForeignKey(Finding, null=True, on_delete=models.SET_NULL, related_name="+")
    facts = models.JSONField(default=dict)
    carried = models.PositiveSmallIntegerField(default=0, help_text="How many reviews left it undecided before.")
    carries_over = models.BooleanField(default=False, help_text="Closed undecided: it is on the next agenda.")

    class Meta:
        ordering = ["place"]
        constraints = [
            # Two who open at once write each item once. The index behind it serves the items of a review.
            models.UniqueConstraint(fields=["review", "key"], name="once_on_an_agenda")
        ]

    def __str__(self) -> str:
        return f"{self.review}: {self.place}"

    @property
    def is_to_decide(self) -> bool:
        return self.about in self.TO_DECIDE


class Decision(models.Model):
    """What was decided on an item, with who, when, why and what it did to the plan. Taken back, it stays on record."""

    class Kind(models.TextChoices):
        KEEP = "keep", "Keep"
        MOVE = "move", "Move"
        EXCLUDE = "exclude", "Exclude"
        MERGE = "merge", "Merge"
        STOP = "stop", "Stop"
        HAND_OVER = "hand_over", "Hand over"

    #: What stopped a campaign cannot be taken back: what was cancelled is never started again.
    FINAL = (Kind.MERGE, Kind.STOP)

    item = models.ForeignKey(AgendaItem, on_delete=models.CASCADE, related_name="decisions")
    kind = models.CharField(max_length=9, choices=Kind)
    campaign = models.ForeignKey(
        Campaign, null=True, on_delete=models.PROTECT, related_name="+", help_text="Which one it was done to."
    )
    reason = models.CharField(max_length=500)
    did = models.CharField(max_length=500, help_text="What it did to the plan; names no campaign.")
    undo = models.JSONField(default=dict, help_text="What taking it back needs to know.")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    at = models.DateTimeField()
    taken_back_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    taken_back_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            # Two who decide at once: the second one is told. Those taken back do not count.
            models.UniqueConstraint(
                fields=["item"], condition=Q(taken_back_at=None), name="one_standing_decision_per_item"
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.reason}"

    @property
    def is_final(self) -> bool:
        return self.kind in self.FINAL
