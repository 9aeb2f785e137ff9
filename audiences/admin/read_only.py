"""Admin pages that show rows and change none."""

from typing import Any

from django.contrib.admin import ShowFacets
from django.http import HttpRequest

from .discretion import Discreet


class ReadOnlyAdmin(Discreet):
    """A list and a page per row, to look at. Nothing is counted that is not shown: tables may be large."""

    show_full_result_count = False
    show_facets = ShowFacets.NEVER
    actions = None
    list_per_page = 50

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
