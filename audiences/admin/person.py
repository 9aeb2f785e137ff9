"""Who is at the keyboard."""

from typing import cast

from django.contrib.auth.models import User
from django.http import HttpRequest


def signed_in(request: HttpRequest) -> User:
    """The user of a request to the admin, which lets nobody in without one."""
    return cast(User, request.user)
