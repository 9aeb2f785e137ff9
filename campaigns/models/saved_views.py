"""Saved views: a choice of the calendar's filters under a name."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Lower, Now


class SavedView(models.Model):
    """What stands behind the question mark of the calendar's address. Its owner alone changes it; everybody opens it
    where it is shared."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="saved_views")
    name = models.CharField(max_length=60)
    query = models.CharField(max_length=1000, blank=True, default="", help_text="Without the question mark.")
    is_shared = models.BooleanField(default=False)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = [Lower("name"), "id"]
        constraints = [
            # Two of one name by one person could not be told apart in the list.
            models.UniqueConstraint("owner", Lower("name"), name="one_view_per_name")
        ]

    def __str__(self) -> str:
        return self.name
