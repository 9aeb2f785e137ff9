"""Holds: a customer whom no marketing is to reach for a while."""

from datetime import datetime

from django.conf import settings
from django.db import models

from .customers import Customer


class Hold(models.Model):
    """Somebody asked that nothing but transactional messages reach a customer: in escalation, in a dispute.

    It holds from the moment it is put until its end, or until it is lifted. Each person may have put one at a time.
    """

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="holds")
    reason = models.CharField(max_length=300, help_text="Read by whoever asks why the customer gets nothing.")
    placed_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    since = models.DateTimeField()
    until = models.DateTimeField(null=True, blank=True, help_text="Empty: until somebody lifts it.")
    lifted_at = models.DateTimeField(null=True, blank=True)
    lifted_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        ordering = ["-id"]
        indexes = [
            # Whoever is on hold: asked by admission of a shard, and by dispatch of each customer.
            models.Index(fields=["customer"], condition=models.Q(lifted_at__isnull=True), name="hold_not_lifted"),
        ]

    def __str__(self) -> str:
        return f"hold on {self.customer_id}"

    def reached(self, moment: datetime) -> bool:
        """Whether it had neither ended nor been lifted by then."""
        return all(end is None or end > moment for end in (self.until, self.lifted_at))
