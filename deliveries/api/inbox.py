"""The inbox over HTTP: a customer reads their own, with a token that the product asks for with its key."""

import re
from typing import cast

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import NotFound
from rest_framework.generics import ListAPIView
from rest_framework.pagination import Cursor, CursorPagination
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.status import HTTP_201_CREATED
from rest_framework.views import APIView

from audiences.api.authentication import KeyAuthentication
from audiences.api.views import GuardedView, MayWriteCustomers
from audiences.clock import read_now
from audiences.models import Customer
from deliveries.api.authentication import InboxAuthentication, InboxReader
from deliveries.api.serializers import (
    InboxItemSerializer,
    TokenRequestSerializer,
    TokenSerializer,
    UnreadSerializer,
)
from deliveries.models import InboxItem
from deliveries.queries.inbox import inbox_of, unread_count
from deliveries.services import inbox


def _customer_id(request: Request) -> int:
    return cast(InboxReader, request.user).customer_id


class NewestFirst(CursorPagination):
    page_size = 20
    ordering = "-id"

    def decode_cursor(self, request: Request) -> Cursor | None:
        """A cursor that somebody wrote by hand is as little found as one that is no cursor."""
        cursor = super().decode_cursor(request)
        if cursor and cursor.position is not None and not re.fullmatch(r"[0-9]{1,18}", str(cursor.position)):
            raise NotFound(self.invalid_cursor_message)
        return cursor


class InboxView(ListAPIView[InboxItem]):
    """What the customer has not dismissed, newest first."""

    authentication_classes = [InboxAuthentication]
    permission_classes = [IsAuthenticated]
    serializer_class = InboxItemSerializer
    pagination_class = NewestFirst
    queryset = InboxItem.objects.none()

    def get_queryset(self) -> QuerySet[InboxItem]:
        return inbox_of(_customer_id(self.request))


class UnreadView(APIView):
    """How many of them have not been read."""

    authentication_classes = [InboxAuthentication]
    permission_classes = [IsAuthenticated]

    @extend_schema(responses=UnreadSerializer)
    def get(self, request: Request) -> Response:
        return Response({"unread": unread_count(_customer_id(request))})


class ActionView(APIView):
    """Seen, read or dismissed; again changes nothing. Somebody else's item is a 404."""

    authentication_classes = [InboxAuthentication]
    permission_classes = [IsAuthenticated]
    action = ""  # given by the route

    @extend_schema(request=None, responses=InboxItemSerializer)
    def post(self, request: Request, item_id: int) -> Response:
        try:
            item = inbox.act(_customer_id(request), item_id, self.action, read_now())
        except inbox.NoSuchItem:
            raise NotFound from None
        return Response(InboxItemSerializer(item).data)


def living_or_404(external_id: str) -> Customer:
    customer = Customer.objects.filter(erased_at__isnull=True, external_id=external_id).first()
    if customer is None:
        raise NotFound("There is no customer with this external id.")
    return customer


class TokenView(GuardedView):
    """A token for one customer's inbox, for whoever holds one of the product's keys."""

    authentication_classes = [KeyAuthentication]
    permission_classes = [MayWriteCustomers]

    @extend_schema(request=TokenRequestSerializer, responses={201: TokenSerializer})
    def post(self, request: Request) -> Response:
        given = TokenRequestSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        customer = living_or_404(given.validated_data["external_id"])
        return Response({"token": inbox.token_for(customer)}, status=HTTP_201_CREATED)
