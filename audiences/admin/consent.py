"""Topics, and the subscriptions to them."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import ProtectedError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from unfold.contrib.filters.admin import BooleanRadioFilter, ChoicesDropdownFilter, RelatedDropdownFilter
from unfold.decorators import display
from unfold.paginator import InfinitePaginator

from audiences.models import Subscription, Topic

from .discretion import Discreet
from .read_only import ReadOnlyAdmin


@admin.register(Topic)
class TopicAdmin(Discreet):
    list_display = ["name", "slug", "who", "description"]
    search_fields = ["name", "slug"]
    prepopulated_fields = {"slug": ["name"]}
    fields = ["name", "slug", "description", "opt_in"]
    # One by one, so that a topic in use says where.
    actions = None

    @display(description="Who gets it", label={"who subscribed": "info", "who did not unsubscribe": "success"})
    def who(self, topic: Topic) -> str:
        return "who subscribed" if topic.opt_in else "who did not unsubscribe"

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        try:
            response: HttpResponse = super().delete_view(request, object_id, extra_context)
        except ProtectedError:
            messages.error(request, "This topic is used by campaigns or in the ledger, so it stays.")
            return redirect("admin:audiences_topic_change", object_id)
        return response


@admin.register(Subscription)
class SubscriptionAdmin(ReadOnlyAdmin):
    """Consent is given and taken by the customer, the API or an import that was told to; here it is looked at."""

    list_display = ["customer", "topic", "channel", "subscribed", "source", "changed_at"]
    list_select_related = ["customer", "topic"]
    list_filter = [
        ("topic", RelatedDropdownFilter),
        ("subscribed", BooleanRadioFilter),
        ("source", ChoicesDropdownFilter),
    ]
    list_filter_submit = True
    search_fields = ["=customer__external_id"]
    search_help_text = "The customer's external id, in full"
    ordering = ["-id"]
    paginator = InfinitePaginator
