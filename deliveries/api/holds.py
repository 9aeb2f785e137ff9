"""Holds over HTTP: the product's support desk puts a customer on hold, and lifts what it has put."""

from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from audiences.api.authentication import KeyAuthentication
from audiences.api.views import GuardedView, MayWriteCustomers
from audiences.clock import read_now
from audiences.queries.holds import holding
from campaigns.refusals import Refusal
from deliveries.api.inbox import living_or_404
from deliveries.api.serializers import (
    HoldRequestSerializer,
    HoldSerializer,
    LiftedSerializer,
    LiftRequestSerializer,
)
from deliveries.services.holds import lift_hold, put_on_hold


class HoldView(GuardedView):
    authentication_classes = [KeyAuthentication]
    permission_classes = [MayWriteCustomers]

    @extend_schema(
        summary="Put a customer on hold",
        description="No marketing reaches them, and what waits to leave is withdrawn; transactional messages still do. "
        "A key has one hold on a customer: another request changes its reason and its end.",
        request=HoldRequestSerializer,
        responses={200: HoldSerializer},
        tags=["holds"],
    )
    def post(self, request: Request) -> Response:
        given = HoldRequestSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        values = given.validated_data
        customer = living_or_404(values["external_id"])
        try:
            hold = put_on_hold(customer.pk, values["reason"], values.get("until"), request.user, read_now())
        except Refusal as refusal:
            raise ValidationError(str(refusal)) from refusal
        return Response(HoldSerializer(hold).data)


class LiftView(GuardedView):
    authentication_classes = [KeyAuthentication]
    permission_classes = [MayWriteCustomers]

    @extend_schema(
        summary="Lift the hold that this key has put",
        description="Those that people have put stay: they are lifted on the customer's page.",
        request=LiftRequestSerializer,
        responses={200: LiftedSerializer},
        tags=["holds"],
    )
    def post(self, request: Request) -> Response:
        given = LiftRequestSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        now, customer = read_now(), living_or_404(given.validated_data["external_id"])
        own = holding(now).filter(customer=customer, placed_by_id=request.user.pk).first()
        if own is not None:
            lift_hold(own.pk, request.user, now)
        return Response({"lifted": own is not None})
