"""Keys for products: each belongs to a user of its own that can do two things and cannot sign in."""

from typing import cast

from django.contrib.auth.models import Permission, User
from django.db import transaction
from knox.models import AuthToken

RIGHTS = ("add_customer", "change_customer", "add_event")


class KeyNameTaken(ValueError):
    """There is a key of that name; a sentence that says what to do."""


def create_api_key(name: str) -> str:
    """The new token, which is stored as a hash and can be shown only now."""
    with transaction.atomic():
        user, created = User.objects.get_or_create(username=f"key-{name}")
        if not created and AuthToken.objects.filter(user=user).exists():
            raise KeyNameTaken(f"There is a key “{name}”. Choose another name, or delete that key first.")
        user.set_unusable_password()
        user.save()
        user.user_permissions.set(Permission.objects.filter(content_type__app_label="audiences", codename__in=RIGHTS))
        _, token = AuthToken.objects.create(user=user)
    return cast(str, token)
