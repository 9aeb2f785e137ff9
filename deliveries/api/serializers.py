"""What the inbox API takes and gives."""

from rest_framework import serializers

from deliveries.models import InboxItem


class InboxItemSerializer(serializers.ModelSerializer[InboxItem]):
    class Meta:
        model = InboxItem
        fields = ["id", "title", "body", "link", "created_at", "seen_at", "read_at"]
        read_only_fields = fields


class UnreadSerializer(serializers.Serializer[dict[str, int]]):
    unread = serializers.IntegerField()


class TokenRequestSerializer(serializers.Serializer[dict[str, str]]):
    external_id = serializers.CharField(max_length=200)


class TokenSerializer(serializers.Serializer[dict[str, str]]):
    token = serializers.CharField()
