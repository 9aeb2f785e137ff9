"""What the product sends and is answered."""

import secrets
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from rest_framework import serializers

from audiences.api.fields import MomentField, ObjectField, TextField
from audiences.incoming import CustomerRow, EventRow, Problem, customer_problems, event_problems
from audiences.models import Customer

MOST_EVENTS = 500


def _raise(problems: Iterable[Problem]) -> None:
    """Each problem beside its field; what is wrong inside an object is told with its place in it."""
    found: dict[str, list[str]] = {}
    for problem in problems:
        head, _, inner = problem.field.partition(".")
        found.setdefault(head, []).append(f"“{inner}” {problem.message}" if inner else _sentence(problem.message))
    if found:
        raise serializers.ValidationError(found)


def _sentence(message: str) -> str:
    return message[:1].upper() + message[1:]


class CustomerSerializer(serializers.Serializer[Customer]):
    """One customer. What is left out stays as it is; attributes are merged, and one that is null is removed."""

    external_id = TextField(max_length=200, trim_whitespace=False)
    email = TextField(max_length=320, required=False, allow_blank=True)
    name = TextField(max_length=200, required=False, allow_blank=True)
    timezone = TextField(max_length=64, required=False, allow_blank=True, help_text="IANA name")
    locale = TextField(max_length=20, required=False, allow_blank=True)
    attributes = ObjectField(required=False)

    def to_internal_value(self, data: Any) -> Any:
        return super().to_internal_value(refuse_unknown(self, data))

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        _raise(customer_problems(CustomerRow(**attrs)))
        return attrs

    def row(self) -> CustomerRow:
        return CustomerRow(**self.validated_data)


class EventSerializer(serializers.Serializer[Any]):
    """One event. Without an idempotency key a repeated request is a second event."""

    customer = TextField(max_length=200, trim_whitespace=False, help_text="External id; an unknown one is made.")
    name = TextField(max_length=100, trim_whitespace=False)
    occurred_at = MomentField(required=False, help_text="Now, where it is left out.")
    value = serializers.DecimalField(max_digits=14, decimal_places=2, required=False, allow_null=True)
    properties = ObjectField(required=False)
    idempotency_key = TextField(max_length=200, required=False, trim_whitespace=False)

    def to_internal_value(self, data: Any) -> Any:
        return super().to_internal_value(refuse_unknown(self, data))

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        _raise(event_problems(self.row_of(attrs)))
        return attrs

    def row_of(self, attrs: dict[str, Any]) -> EventRow:
        return EventRow(
            customer=attrs["customer"],
            name=attrs["name"],
            occurred_at=attrs.get("occurred_at", self.context["now"]),
            idempotency_key=attrs.get("idempotency_key") or f"api-{secrets.token_hex(16)}",
            value=attrs.get("value"),
            properties=attrs.get("properties", {}),
        )


class EventsSerializer(serializers.Serializer[Any]):
    """Up to 500 events, of which all are taken or none."""

    # The stubs do not know what `many=True` passes on to the list.
    events = EventSerializer(many=True, allow_empty=False, max_length=MOST_EVENTS)  # type: ignore[call-arg]

    def rows(self) -> list[EventRow]:
        one = EventSerializer(context=self.context)
        return [one.row_of(attrs) for attrs in self.validated_data["events"]]


class CustomerAnswer(serializers.Serializer[Customer]):
    external_id = serializers.CharField()
    email = serializers.CharField()
    name = serializers.CharField()
    timezone = serializers.CharField()
    locale = serializers.CharField()
    attributes = ObjectField()
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()


class EventsAnswer(serializers.Serializer[Any]):
    created = serializers.IntegerField(help_text="New events.")
    repeated = serializers.IntegerField(help_text="Events that were there already, by their idempotency key.")


def refuse_unknown(serializer: serializers.Serializer[Any], data: Any) -> Any:
    """A misspelt field must not be passed over in silence."""
    if isinstance(data, dict):
        unknown = [name for name in data if name not in serializer.fields]
        if unknown:
            names = ", ".join(serializer.fields)
            raise serializers.ValidationError({unknown[0][:100]: f"There is no such field. The fields are: {names}."})
        if isinstance(data.get("value"), float):
            # Shortest notation: 9.75 stays 9.75, and has two decimals.
            return {**data, "value": Decimal(repr(data["value"]))}
    return data
