"""The customer pages: find somebody, see what they did, what they allow, and why they got what they got."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from audiences.clock import read_now
from audiences.models import Customer, Event, Subscription, Topic
from calendar_project.pages import render_in_zone
from campaigns.models import Send
from campaigns.rights import can_change_customers, seen_by
from deliveries.channels.registry import label
from deliveries.queries.explanations import explain
from deliveries.services.withdrawals import opt_out

from .queries import consent_of, decisions_about, exact_customer, find_customers, suppressions_of

EVENTS = 25


@require_safe
@login_required
def customers_page(request: HttpRequest) -> HttpResponse:
    """A search; whoever is meant without doubt is shown at once."""
    text = _text(request.GET.get("q", ""))
    if text and (customer := exact_customer(text)):
        return redirect("calendar:customer", customer.pk)
    context = {"place": "customers", "text": text, "customers": find_customers(text)}
    return render(request, "calendar_project/customers.html", context)


@require_safe
@login_required
def customer_page(request: HttpRequest, customer_id: int) -> HttpResponse:
    """`?send=` explains one send, whichever."""
    customer = get_object_or_404(Customer, pk=customer_id)
    context = {
        "place": "customers",
        "customer": customer,
        "attributes": sorted(customer.attributes.items()),
        "topics": consent_of(customer),
        "channels": [label(name) for name in settings.CHANNELS],
        "suppressions": suppressions_of(customer),
        "events": Event.objects.filter(customer=customer).order_by("-occurred_at")[:EVENTS],
        "decisions": decisions_about(customer, request.user),
        "asked": _asked_send(request, customer),
        "may_write": can_change_customers(request.user),
    }
    return render_in_zone(request, "calendar_project/customer.html", context)


@require_POST
@login_required
def unsubscribe_customer(request: HttpRequest, customer_id: int, topic_id: int, channel: str) -> HttpResponse:
    """Somebody of a team opts the customer out, who asked for it. There is no such button to opt them in."""
    customer, topic = get_object_or_404(Customer, pk=customer_id), get_object_or_404(Topic, pk=topic_id)
    if not can_change_customers(request.user):
        messages.error(request, "Only planners and approvers of a team change what a customer gets.")
    elif channel in settings.CHANNELS:
        opt_out(customer.pk, topic.pk, channel, read_now(), source=Subscription.Source.TEAM)
        messages.success(request, f"{customer} gets no more “{topic}” on {label(channel)}.")
    return redirect("calendar:customer", customer_id)


def _asked_send(request: HttpRequest, customer: Customer) -> dict[str, Any] | None:
    number = request.GET.get("send", "")
    if not (number.isascii() and number.isdecimal() and len(number) < 16):
        return None
    sends = Send.objects.filter(seen_by(request.user, "campaign"), pk=int(number))
    send = sends.defer("audience").select_related("campaign__team").first()
    return {"send": send, "explanations": explain(customer.pk, send.pk, request.user)} if send else None


def _text(given: str) -> str:
    return given.replace("\0", "").strip()[:320]
