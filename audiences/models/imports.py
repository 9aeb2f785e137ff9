"""Imports: how far each one came, so that it can go on after a stop."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now


class ImportRun(models.Model):
    """One file on its way in. The position moves in the same transaction as the rows that it counts."""

    class Kind(models.TextChoices):
        CUSTOMERS = "customers", "customers"
        EVENTS = "events", "events"

    class State(models.TextChoices):
        RUNNING = "running", "being read; goes on after a stop"
        DONE = "done", "read to the end"
        FAILED = "failed", "could not be read; the message says why"

    kind = models.CharField(max_length=10, choices=Kind)
    filename = models.CharField(max_length=200)
    stored_file = models.FileField(upload_to="imports/", blank=True)
    digest = models.CharField(max_length=64, help_text="SHA-256 of the file and the options: what resuming is by.")
    options = models.JSONField(default=dict)
    state = models.CharField(max_length=8, choices=State, default=State.RUNNING)
    message = models.CharField(max_length=300, blank=True, default="")
    rows_total = models.PositiveIntegerField(default=0, help_text="0 until counted.")
    rows_read = models.PositiveIntegerField(default=0)
    rows_written = models.PositiveIntegerField(default=0)
    rows_unchanged = models.PositiveIntegerField(default=0)
    rows_refused = models.PositiveIntegerField(default=0)
    # Line, column and reason of each refused row, never its content: nothing personal outlives an erasure here.
    error_file = models.FileField(upload_to="imports/", blank=True)
    # What the reader needs to go on in the middle of a run of equal rows.
    carry = models.JSONField(default=dict)
    started_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL)
    started_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            # Two starts of one file at once are one run.
            models.UniqueConstraint(
                fields=["digest"], condition=models.Q(state="running"), name="one_running_import_per_file"
            )
        ]

    def __str__(self) -> str:
        return f"{self.filename} ({self.get_kind_display()})"
