"""What a page of the admin could tell of rows that its reader may not see: by a question in the address, and before
something is deleted."""

from collections.abc import Sequence
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.db.models import Model
from django.db.models.constants import LOOKUP_SEP
from django.http import HttpRequest
from unfold.admin import ModelAdmin


class Discreet(ModelAdmin):
    """For models that others point at, whose rows are for everybody while what points at them may not be."""

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Django lets `?included_by=5` through: which segments has campaign 5? Only a row's own fields are asked."""
        try:
            field = self.opts.get_field(lookup.split(LOOKUP_SEP)[0])
        except FieldDoesNotExist:
            return True
        return bool(field.concrete and super().lookup_allowed(lookup, value, request))

    def get_deleted_objects(self, objs: Sequence[Model], request: HttpRequest) -> Any:
        """Whoever does not see everything is told that something stands in the way, and not what or how much."""
        deleted, counts, missing, protected = super().get_deleted_objects(objs, request)
        if request.user.is_superuser:
            return deleted, counts, missing, protected
        return [str(each) for each in objs], {}, missing, ["what stands on it"] if protected else []
