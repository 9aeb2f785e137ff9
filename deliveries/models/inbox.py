"""The in-app inbox: what the product shows its customer."""

from django.db import models

from audiences.models import Customer

from .ledger import Delivery


class InboxItem(models.Model):
    """One in-app message, written in the transaction that marks its delivery sent."""

    delivery = models.OneToOneField(Delivery, on_delete=models.CASCADE, related_name="inbox_item")
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="inbox")
    title = models.CharField(max_length=400)
    body = models.TextField(blank=True, default="")
    link = models.CharField(max_length=1000, blank=True, default="")
    created_at = models.DateTimeField()
    seen_at = models.DateTimeField(null=True, blank=True)
    read_at = models.DateTimeField(null=True, blank=True)
    dismissed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            # One customer's list, newest first, and the count of what is unread.
            models.Index(fields=["customer", "-id"], name="inbox_of_customer"),
        ]

    def __str__(self) -> str:
        return self.title
