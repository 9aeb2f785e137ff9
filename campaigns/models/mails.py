"""Mails to people of the workspace that must arrive once: a row each, written with what they tell of."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from .handoffs import Handoff
from .reviews import Review


class Mail(models.Model):
    """One mail to one person: waiting → claimed → begun → sent.

    Made in the transaction that made what it tells of, so none is forgotten. Claimed and not begun, it has surely not
    left, and is free again when the claim is over; begun, it may have left, and is not sent a second time.
    """

    claimed_at = models.DateTimeField(null=True, help_text="When somebody last set about sending it.")
    begun_at = models.DateTimeField(null=True, help_text="When it was about to leave.")
    sent_at = models.DateTimeField(null=True)

    class Meta:
        abstract = True
        indexes = [
            # claim_mail(now): asked every few seconds, and empty nearly always.
            models.Index(fields=["claimed_at"], condition=Q(begun_at=None, sent_at=None), name="%(class)s_waiting")
        ]


class MinutesMail(Mail):
    """The minutes of a review, to one member of a team."""

    review = models.ForeignKey(Review, on_delete=models.CASCADE, related_name="mails")
    to = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")

    class Meta(Mail.Meta):
        constraints = [models.UniqueConstraint(fields=["review", "to"], name="one_mail_per_person")]

    def __str__(self) -> str:
        return f"{self.review} to {self.to_id}"


class HandoffMail(Mail):
    """An offer, to whom it is made."""

    handoff = models.OneToOneField(Handoff, on_delete=models.CASCADE, related_name="mail")

    def __str__(self) -> str:
        return f"handoff {self.handoff_id}"
