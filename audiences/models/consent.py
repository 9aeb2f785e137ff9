"""Consent: topics, subscriptions to them, and suppressions."""

from django.db import models
from django.db.models.functions import Now

from .customers import Customer


class Topic(models.Model):
    """What a message is about, as a customer can subscribe to it (tips, offers, product news)."""

    slug = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=80)
    description = models.CharField(max_length=200, blank=True, default="")
    opt_in = models.BooleanField(
        default=False, help_text="On: only those who subscribed. Off: everyone who did not unsubscribe."
    )

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Subscription(models.Model):
    """What one customer said about one topic on one channel. No row: they have said nothing."""

    class Source(models.TextChoices):
        CUSTOMER = "customer", "the customer, on the preference page or by one click"
        TEAM = "team", "somebody in the workspace"
        API = "api", "the product, through the API"
        IMPORT = "import", "an import that was told to change consent"

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="subscriptions")
    topic = models.ForeignKey(Topic, on_delete=models.CASCADE, related_name="subscriptions")
    channel = models.CharField(max_length=40)
    subscribed = models.BooleanField()
    source = models.CharField(max_length=10, choices=Source)
    changed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["customer", "topic", "channel"], name="one_subscription"),
        ]
        indexes = [
            # queries.subscribed(): everyone of a topic on a channel, by id.
            models.Index(fields=["topic", "channel", "subscribed", "customer"], name="subscription_set"),
        ]

    def __str__(self) -> str:
        return f"{self.topic} on {self.channel}: {'yes' if self.subscribed else 'no'}"


class Suppression(models.Model):
    """A customer or an address that must not be written to, whatever the consent.

    Kept by customer, or by the keyed hash of an address so that it outlives an erasure and holds for every
    customer who shares the address. `channel` empty: on every channel.
    """

    class Reason(models.TextChoices):
        BOUNCE = "bounce", "the address does not exist (hard bounce)"
        COMPLAINT = "complaint", "the customer reported a message as spam"
        MANUAL = "manual", "somebody in the workspace stopped it"

    customer = models.ForeignKey(Customer, null=True, blank=True, on_delete=models.CASCADE, related_name="suppressions")
    address_hash = models.CharField(max_length=64, blank=True, default="", editable=False)
    channel = models.CharField(max_length=40, blank=True, default="")
    reason = models.CharField(max_length=10, choices=Reason)
    note = models.CharField(max_length=200, blank=True, default="")
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["customer", "channel", "reason"],
                condition=models.Q(customer__isnull=False),
                name="one_suppression_per_customer",
            ),
            models.UniqueConstraint(
                fields=["address_hash", "channel", "reason"],
                condition=~models.Q(address_hash=""),
                name="one_suppression_per_address",
            ),
            models.CheckConstraint(
                condition=models.Q(customer__isnull=False) | ~models.Q(address_hash=""),
                name="suppression_is_of_somebody",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_reason_display()} ({self.channel or 'every channel'})"
