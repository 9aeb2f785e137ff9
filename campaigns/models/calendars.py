"""Imported calendars: fairs, launches, school holidays, as context for what is planned."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now


class ImportedCalendar(models.Model):
    """A name under which calendar files are imported, again and again as they change."""

    name = models.CharField(max_length=80, unique=True, help_text="As people know it: Trade fairs, School holidays.")
    filename = models.CharField(max_length=200, blank=True, default="", editable=False)
    imported_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, editable=False, on_delete=models.SET_NULL, related_name="+"
    )
    imported_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class CalendarEntry(models.Model):
    """One event of an imported calendar; of one that repeats, one time that it takes place.

    Whole days are dates, the last included, and have no instants. The others have, and then the days are those in UTC:
    what narrows a search, and not what is shown.
    """

    calendar = models.ForeignKey(ImportedCalendar, on_delete=models.CASCADE, related_name="entries")
    uid = models.CharField(max_length=255, help_text="By which another import replaces it.")
    name = models.CharField(max_length=200)
    first_day = models.DateField()
    last_day = models.DateField()
    starts_at = models.DateTimeField(null=True, blank=True)
    ends_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["first_day", "starts_at", "id"]
        verbose_name_plural = "calendar entries"
        constraints = [
            models.CheckConstraint(condition=models.Q(last_day__gte=models.F("first_day")), name="entry_ends_after")
        ]
        indexes = [
            # A stretch of the calendar; old entries are many, the ones ahead are looked at.
            models.Index(fields=["last_day", "first_day"], name="entry_days"),
            # An import takes out what it replaces.
            models.Index(fields=["calendar", "uid"], name="entry_uid"),
        ]

    def __str__(self) -> str:
        return f"{self.name}, {self.first_day}"
