"""Fields of the API that are stricter than those they extend."""

from datetime import datetime
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers


@extend_schema_field(OpenApiTypes.DATETIME)
class MomentField(serializers.Field[datetime, Any, str, Any]):
    """An ISO 8601 moment with its offset, in the years 1900 to 9000."""

    default_error_messages = {
        "invalid": "Must be a moment such as 2026-01-31T09:00:00+01:00 or 2026-01-31T08:00:00Z.",
        "naive": "Say the offset from UTC too, such as 2026-01-31T09:00:00+01:00, or …Z for UTC.",
        "range": "Must lie between the years 1900 and 9000.",
    }

    def to_internal_value(self, data: Any) -> datetime:
        try:
            moment = datetime.fromisoformat(data)
        except (TypeError, ValueError):
            self.fail("invalid")
        if moment.tzinfo is None:
            self.fail("naive")
        if not 1900 <= moment.year <= 9000:
            self.fail("range")
        return moment

    def to_representation(self, value: datetime) -> str:
        return value.isoformat()


@extend_schema_field({"type": "object", "additionalProperties": {}})
class ObjectField(serializers.Field[dict[str, Any], Any, dict[str, Any], Any]):
    """A JSON object, its values as they come; what is in it is checked with the rest of the row."""

    default_error_messages = {"invalid": "Must be an object of names and values."}

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        if not isinstance(data, dict):
            self.fail("invalid")
        return data

    def to_representation(self, value: dict[str, Any]) -> dict[str, Any]:
        return value


class TextField(serializers.CharField):
    """Text alone: a number or truth value is refused, not turned into text."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)
