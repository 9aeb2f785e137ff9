"""iCalendar feeds: who may read one, by a token that is kept as a hash."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from .teams import Team


class Feed(models.Model):
    """One subscription address. The token is shown once; only its SHA-256 is kept."""

    name = models.CharField(max_length=80)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="feeds")
    team = models.ForeignKey(Team, null=True, blank=True, on_delete=models.CASCADE, help_text="Empty: every team.")
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    last_read_at = models.DateTimeField(null=True, blank=True, editable=False)
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.name
