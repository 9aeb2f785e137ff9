"""API keys: who holds one and since when. They are made by `manage.py create_api_key NAME`, and revoked here."""

from typing import Any

import knox.admin  # noqa: F401 - it registers a page of its own, which is taken down below
from django.contrib import admin
from django.http import HttpRequest
from knox.models import AuthToken

from .read_only import ReadOnlyAdmin

admin.site.unregister(AuthToken)


@admin.register(AuthToken)
class ApiKeyAdmin(ReadOnlyAdmin):
    list_display = ["user", "token_key", "created", "expiry"]
    list_select_related = ["user"]
    fields = ["user", "token_key", "created", "expiry"]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.is_active and request.user.is_superuser)
