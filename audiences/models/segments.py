"""Segments: named sets of customers, and the record of who entered and left them."""

from django.db import models

from .customers import Customer


class Segment(models.Model):
    """A named set of customers: by rule (kept fresh) or by list."""

    class Kind(models.TextChoices):
        RULE = "rule", "by rule, kept fresh"
        LIST = "list", "by list"

    slug = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=80)
    description = models.CharField(max_length=300, blank=True, default="")
    kind = models.CharField(max_length=4, choices=Kind, default=Kind.RULE)
    rule = models.JSONField(default=dict, blank=True)
    # The three below are written by a refresh alone, and repeat its row so that lists need not join.
    size = models.PositiveIntegerField(default=0, editable=False)
    refreshed_at = models.DateTimeField(null=True, blank=True, editable=False)
    refresh_error = models.CharField(max_length=300, blank=True, default="", editable=False)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class ListMember(models.Model):
    """One customer on the list of a segment by list."""

    segment = models.ForeignKey(Segment, on_delete=models.CASCADE, related_name="list_members")
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="list_memberships")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["segment", "customer"], name="one_list_membership")]

    def __str__(self) -> str:
        return f"{self.customer} in {self.segment}"


class SegmentRefresh(models.Model):
    """One refresh of a segment. The newest holds the members; every one holds who entered and who left.

    The three sets are serialised roaring bitmaps of customer ids. `members` of older rows is emptied.
    The `id` is the cursor that "enters segment" triggers read by.
    """

    segment = models.ForeignKey(Segment, on_delete=models.CASCADE, related_name="refreshes")
    refreshed_at = models.DateTimeField()
    members = models.BinaryField()
    entered = models.BinaryField()
    left = models.BinaryField()
    size = models.PositiveIntegerField()
    is_first = models.BooleanField(default=False, help_text="The first refresh: nobody entered, they were there.")

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["segment", "-id"], name="segment_newest_refresh")]

    def __str__(self) -> str:
        return f"{self.segment} at {self.refreshed_at:%Y-%m-%d %H:%M}: {self.size}"
