"""The two addresses that a product needs to connect: who its customers are, and what they do."""

from typing import Any

from django.contrib.auth.models import User
from django.core.exceptions import RequestDataTooBig
from drf_spectacular.utils import OpenApiExample, PolymorphicProxySerializer, extend_schema
from rest_framework import status
from rest_framework.exceptions import ParseError, ValidationError
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from audiences.api.parsers import GuardedJSONParser
from audiences.api.serializers import (
    CustomerAnswer,
    CustomerSerializer,
    EventsAnswer,
    EventSerializer,
    EventsSerializer,
)
from audiences.clock import read_now
from audiences.incoming import EventRow, Refused
from audiences.models import Customer
from audiences.services.customers import upsert_customers
from audiences.services.events import record_events


class MayWriteCustomers(BasePermission):
    """An upsert adds or changes, and nobody knows which beforehand: the key needs the right to both."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        user = request.user
        return isinstance(user, User) and user.has_perms(["audiences.add_customer", "audiences.change_customer"])


class MayAddEvents(BasePermission):
    """An event of an unknown customer makes a bare one, which needs that right too."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        user = request.user
        return isinstance(user, User) and user.has_perms(["audiences.add_event", "audiences.add_customer"])


class GuardedView(APIView):
    """Takes JSON alone, through the guard."""

    parser_classes = [GuardedJSONParser]

    def handle_exception(self, exc: Exception) -> Response:
        # Django itself refuses a body that is too large before a parser sees it, as an error that nobody maps.
        if isinstance(exc, RequestDataTooBig):
            exc = ParseError("The body is larger than 1 MB.")
        return super().handle_exception(exc)


class CustomersView(GuardedView):
    permission_classes = [MayWriteCustomers]

    @extend_schema(
        operation_id="upsert_customer",
        summary="Make or change a customer",
        description="Only what is given changes. 201 where the customer is new, 200 where they were known.",
        request=CustomerSerializer,
        responses={200: CustomerAnswer, 201: CustomerAnswer},
        tags=["audiences"],
    )
    def post(self, request: Request) -> Response:
        given = CustomerSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        row = given.row()
        done = upsert_customers([row], read_now())
        _raise_refused(done.refused)
        customer = Customer.objects.get(external_id=row.external_id)
        return Response(CustomerAnswer(customer).data, status.HTTP_201_CREATED if done.created else status.HTTP_200_OK)


class EventsView(GuardedView):
    permission_classes = [MayAddEvents]

    @extend_schema(
        operation_id="record_events",
        summary="Record one event, or up to 500",
        description="Either one event, or a list of them, or an object with the list as “events”. All are taken or "
        "none. An event whose idempotency key is known is counted as repeated and changes nothing.",
        request=PolymorphicProxySerializer(
            "EventOrEvents", [EventSerializer, EventsSerializer], resource_type_field_name=None, many=False
        ),
        responses={200: EventsAnswer, 201: EventsAnswer},
        tags=["audiences"],
        examples=[
            OpenApiExample(
                "One event",
                {"customer": "42", "name": "ordered", "value": 9.75, "idempotency_key": "order-1001"},
                request_only=True,
            )
        ],
    )
    def post(self, request: Request) -> Response:
        now = read_now()
        rows = _event_rows(request.data, {"now": now})
        done = record_events(rows, now, create_customers=True)
        _raise_refused(done.refused)
        answer = {"created": done.created, "repeated": done.repeated}
        return Response(answer, status.HTTP_201_CREATED if done.created else status.HTTP_200_OK)


def _event_rows(data: Any, context: dict[str, Any]) -> list[EventRow]:
    if isinstance(data, dict) and "events" not in data:
        one = EventSerializer(data=data, context=context)
        one.is_valid(raise_exception=True)
        return [one.row_of(one.validated_data)]
    many = EventsSerializer(data=data if isinstance(data, dict) else {"events": data}, context=context)
    many.is_valid(raise_exception=True)
    return many.rows()


def _raise_refused(refused: tuple[Refused, ...]) -> None:
    """What only the database knows: that a customer was erased."""
    if refused:
        raise ValidationError({problem.field: problem.message for each in refused for problem in each.problems})
