"""A customer's own key to their inbox: `Authorization: Inbox <token>`."""

from dataclasses import dataclass
from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from deliveries import tokens
from deliveries.queries.inbox import living_customer

KEYWORD = "Inbox"


@dataclass(frozen=True)
class InboxReader:
    """Stands where a user would: one customer, looking at their own inbox."""

    customer_id: int
    is_authenticated: bool = True


class InboxAuthentication(BaseAuthentication):
    """Anything but a good token of a living customer is a 401."""

    def authenticate(self, request: Request) -> tuple[InboxReader, None] | None:
        words = get_authorization_header(request).decode("latin-1").split()
        if not words or words[0].lower() != KEYWORD.lower():
            return None
        try:
            customer = living_customer(tokens.read_inbox(" ".join(words[1:])))
        except tokens.BadToken:
            customer = None
        if customer is None:
            raise AuthenticationFailed("This token is not valid, or no longer.")
        return InboxReader(customer.pk), None

    def authenticate_header(self, request: Request) -> str:
        return KEYWORD


class InboxScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # it registers itself when defined
    """How the API's description names it."""

    target_class = "deliveries.api.authentication.InboxAuthentication"
    name = "inbox"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        return {"type": "apiKey", "in": "header", "name": "Authorization", "description": f"{KEYWORD} TOKEN"}
