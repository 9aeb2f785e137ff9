"""Messages: what a campaign says on one channel, in one variant."""

from django.core.validators import MinValueValidator
from django.db import models

from .campaigns import Campaign


class Message(models.Model):
    """The content of a campaign on one channel, in one variant. Every text is a Liquid template.

    E-mail uses subject, html and text; in-app uses title, body and link; a webhook sends whatever is filled.
    """

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="messages")
    channel = models.CharField(max_length=40)
    variant = models.CharField(max_length=20, default="A")
    weight = models.PositiveSmallIntegerField(default=1, validators=[MinValueValidator(1)])
    subject = models.CharField(max_length=300, blank=True, default="")
    html = models.TextField(blank=True, default="")
    text = models.TextField(blank=True, default="")
    title = models.CharField(max_length=200, blank=True, default="")
    body = models.TextField(blank=True, default="")
    link = models.CharField(max_length=500, blank=True, default="")

    class Meta:
        ordering = ["channel", "variant"]
        constraints = [
            models.UniqueConstraint(fields=["campaign", "channel", "variant"], name="one_message_per_variant")
        ]

    def __str__(self) -> str:
        return f"{self.channel} {self.variant}"
