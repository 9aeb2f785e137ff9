"""A product's key: `Authorization: Token <key>`."""

from typing import Any

from drf_spectacular.contrib.knox_auth_token import KnoxTokenScheme
from knox.auth import TokenAuthentication
from rest_framework.exceptions import AuthenticationFailed


class KeyAuthentication(TokenAuthentication):  # type: ignore[misc]  # knox carries no types
    """Knox, but bytes that are no text are a key that nobody has."""

    def authenticate_credentials(self, token: bytes) -> Any:
        if not token.isascii():
            raise AuthenticationFailed("Invalid token.")
        return super().authenticate_credentials(token)


class KeyScheme(KnoxTokenScheme):  # type: ignore[no-untyped-call]  # it registers itself when defined
    """How the API's description names it."""

    target_class = "audiences.api.authentication.KeyAuthentication"
