"""Customers: the people who can be messaged."""

from typing import Any

from django.db import models
from django.db.models.functions import Now

from audiences.addresses import address_hash


class Customer(models.Model):
    """A person who can be messaged, known by the product's own `external_id`.

    The primary key is the integer that stands for the customer in every bitmap. It is never used again: an
    erased customer stays as a tombstone without personal data.
    """

    external_id = models.CharField(max_length=200, unique=True)
    email = models.CharField(max_length=320, blank=True, default="")
    address_hash = models.CharField(max_length=64, blank=True, default="", editable=False)
    name = models.CharField(max_length=200, blank=True, default="")
    timezone = models.CharField(max_length=64, blank=True, default="", help_text="IANA name; empty: the workspace's.")
    locale = models.CharField(max_length=20, blank=True, default="")
    attributes = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    updated_at = models.DateTimeField(db_default=Now(), editable=False)
    erased_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        indexes = [
            # Suppressions are kept by hash of the address: queries.suppressed() joins on it.
            models.Index(fields=["address_hash"], name="customer_address_hash"),
            # Local sends group an audience by zone.
            models.Index(fields=["timezone", "id"], name="customer_zone"),
            # The few tombstones, which queries.segments takes out of every stored bitmap.
            models.Index(fields=["id"], condition=models.Q(erased_at__isnull=False), name="customer_erased"),
        ]

    def __str__(self) -> str:
        return self.name or self.external_id

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.address_hash = address_hash(self.email)
        super().save(*args, **kwargs)

    @property
    def is_erased(self) -> bool:
        return self.erased_at is not None


class AttributeName(models.Model):
    """An attribute that customers have been seen to carry, so that a rule can refuse one that nobody has."""

    name = models.CharField(max_length=100, unique=True)

    def __str__(self) -> str:
        return self.name
