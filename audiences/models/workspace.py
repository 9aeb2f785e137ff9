"""The one workspace of this deployment: its name, its zone, its salt."""

import secrets
from typing import Any, Self

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator
from django.db import models

from audiences.public_holidays import UnknownPlace, check_places
from audiences.zones import UnknownZone, validate_zone


def new_salt() -> str:
    return secrets.token_hex(16)


def zone_exists(name: str) -> None:
    """The form's version of `validate_zone`."""
    try:
        validate_zone(name)
    except UnknownZone as error:
        raise ValidationError(str(error)) from error


def places_exist(codes: Any) -> None:
    """The form's version of `check_places`."""
    try:
        check_places(codes)
    except UnknownPlace as error:
        raise ValidationError(str(error)) from error


class Workspace(models.Model):
    """The single row of settings that people change in the admin, as against operators in the environment."""

    name = models.CharField(max_length=80, default="Almanac")
    timezone = models.CharField(
        max_length=64,
        default="UTC",
        validators=[zone_exists],
        help_text="IANA name, for example Europe/Berlin. Used wherever a customer has no valid zone.",
    )
    global_holdout_percent = models.DecimalField(
        max_digits=5,
        decimal_places=2,
        default=0,
        validators=[MaxValueValidator(50)],
        help_text="Share of customers who get no campaign at all, so that the whole programme can be measured.",
    )
    four_eyes = models.BooleanField(
        default=False,
        help_text="A campaign is approved by somebody else than those who wrote it or asked for its approval.",
    )
    holiday_countries = models.JSONField(
        default=list,
        # A version before this one, still running beside it, inserts a workspace that knows of no holidays.
        db_default=[],
        blank=True,
        validators=[places_exist],
        help_text="Whose public holidays stand on the calendar: countries, or parts of one such as Germany: Bayern.",
    )
    salt = models.CharField(max_length=64, default=new_salt, editable=False)

    class Meta:
        verbose_name_plural = "workspace"
        constraints = [models.CheckConstraint(condition=models.Q(pk=1), name="workspace_is_single")]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.pk = 1
        super().save(*args, **kwargs)

    @classmethod
    def current(cls) -> Self:
        """The workspace; made on first use, safe when two processes do so at once."""
        workspace, _ = cls.objects.get_or_create(pk=1)
        return workspace
