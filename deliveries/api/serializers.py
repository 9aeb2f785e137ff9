"""What the inbox API takes and gives."""

from datetime import datetime
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from audiences.api.fields import TextField
from audiences.until import NoSuchMoment, read_until
from campaigns.queries.campaigns import workspace_zone
from deliveries.models import InboxItem
from deliveries.services.holds import LONGEST_REASON


class InboxItemSerializer(serializers.ModelSerializer[InboxItem]):
    class Meta:
        model = InboxItem
        fields = ["id", "title", "body", "link", "created_at", "seen_at", "read_at"]
        read_only_fields = fields


class UnreadSerializer(serializers.Serializer[dict[str, int]]):
    unread = serializers.IntegerField()


@extend_schema_field(OpenApiTypes.STR)
class UntilField(serializers.Field[datetime, Any, str, Any]):
    """A day, meant to its end in the workspace's zone, or a moment with its offset."""

    def to_internal_value(self, data: Any) -> datetime:
        try:
            return read_until(data if isinstance(data, str) else "", workspace_zone())
        except NoSuchMoment as problem:
            raise serializers.ValidationError(str(problem)) from problem

    def to_representation(self, value: datetime) -> str:
        return value.isoformat()


class HoldRequestSerializer(serializers.Serializer[dict[str, str]]):
    external_id = serializers.CharField(max_length=200)
    reason = TextField(max_length=LONGEST_REASON, help_text="Read by whoever asks why the customer gets nothing.")
    until = UntilField(
        required=False,
        allow_null=True,
        help_text="2026-11-27 (to the end of the day) or 2026-11-27T14:00:00Z. Left out: until it is lifted.",
    )


class HoldSerializer(serializers.Serializer[Any]):
    reason = serializers.CharField()
    since = serializers.DateTimeField()
    until = serializers.DateTimeField(allow_null=True)


class LiftRequestSerializer(serializers.Serializer[dict[str, str]]):
    external_id = serializers.CharField(max_length=200)


class LiftedSerializer(serializers.Serializer[dict[str, bool]]):
    lifted = serializers.BooleanField(help_text="Whether there was a hold of this key's.")


class TokenRequestSerializer(serializers.Serializer[dict[str, str]]):
    external_id = serializers.CharField(max_length=200)


class TokenSerializer(serializers.Serializer[dict[str, str]]):
    token = serializers.CharField()
