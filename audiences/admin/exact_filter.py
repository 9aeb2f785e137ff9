"""A filter by a value typed in full, which an index answers however large the table is."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.contrib.filters.admin import TextFilter


class ExactFilter(TextFilter):
    """`parameter_name` is the field, text or a number; what is no value of it finds nothing."""

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        typed = self.value()
        if not typed:
            return queryset
        try:
            return queryset.filter(**{str(self.parameter_name): typed.strip()})
        except ValueError:
            return queryset.none()
