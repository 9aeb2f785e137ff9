"""Events: what customers did."""

from django.db import models
from django.db.models.functions import Now

from .customers import Customer


class Event(models.Model):
    """Something a customer did, at a moment, with properties and sometimes a money value.

    The `id` is the cursor that upper floors read events by. A row can become visible after one with a higher id
    (two writers), so a reader goes over the last minutes again; see `campaigns.services.firings`.
    """

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="events")
    name = models.CharField(max_length=100)
    occurred_at = models.DateTimeField()
    received_at = models.DateTimeField(db_default=Now(), editable=False)
    properties = models.JSONField(default=dict, blank=True)
    value = models.DecimalField(max_digits=14, decimal_places=2, null=True, blank=True)
    idempotency_key = models.CharField(max_length=200, unique=True)
    imported = models.BooleanField(default=False, help_text="Imported history never fires a trigger.")

    class Meta:
        indexes = [
            # "did EVENT since ..." of segment rules; silence triggers; goals.
            models.Index(fields=["name", "occurred_at", "customer"], name="event_name_time"),
            # One customer's timeline, and "first/last time of".
            models.Index(fields=["customer", "name", "occurred_at"], name="event_customer_name"),
        ]

    def __str__(self) -> str:
        return f"{self.name} at {self.occurred_at:%Y-%m-%d %H:%M}"


class EventName(models.Model):
    """An event name that has been seen, so that a rule can hint at one that never was, without reading the events."""

    name = models.CharField(max_length=100, unique=True)

    def __str__(self) -> str:
        return self.name
