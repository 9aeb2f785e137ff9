"""The customer pages: find somebody, see what they did, what they allow, and why they got what they got."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_safe

from audiences.clock import read_now
from audiences.models import Customer, Event, Hold, Subscription, Topic
from audiences.until import until_words
from calendar_project.pages import button_on, render_in_zone
from campaigns.models import Send
from campaigns.queries.campaigns import workspace_zone
from campaigns.refusals import Refusal
from campaigns.rights import can_plan_somewhere, seen_by
from deliveries.channels.registry import label
from deliveries.queries.explanations import explain
from deliveries.services.holds import end_hold_at, lift_hold, put_on_hold
from deliveries.services.withdrawals import opt_out

from .holds import EndForm, HoldForm, holds_context
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
    return show_customer(request, get_object_or_404(Customer, pk=customer_id))


def show_customer(request: HttpRequest, customer: Customer, status: int = 200, **more: Any) -> HttpResponse:
    """The page; `more` is what stands there instead: a form with what was wrong."""
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
        "may_write": can_plan_somewhere(request.user),
        **holds_context(customer, read_now()),
        **more,
    }
    return render_in_zone(request, "calendar_project/customer.html", context, status)


@button_on("calendar:customer", "customer_id")
def unsubscribe_customer(request: HttpRequest, customer_id: int, topic_id: int, channel: str) -> HttpResponse:
    """Somebody of a team opts the customer out, who asked for it. There is no such button to opt them in."""
    customer, topic = get_object_or_404(Customer, pk=customer_id), get_object_or_404(Topic, pk=topic_id)
    if not can_plan_somewhere(request.user):
        messages.error(request, "Only planners and approvers of a team change what a customer gets.")
    elif channel in settings.CHANNELS:
        opt_out(customer.pk, topic.pk, channel, read_now(), source=Subscription.Source.TEAM)
        messages.success(request, f"{customer} gets no more “{topic}” on {label(channel)}.")
    return redirect("calendar:customer", customer_id)


@button_on("calendar:customer", "customer_id")
def hold_customer(request: HttpRequest, customer_id: int) -> HttpResponse:
    """What is wrong with the form is told beside it, with what was typed."""
    customer, form = get_object_or_404(Customer, pk=customer_id), HoldForm(request.POST)
    if not form.is_valid():
        return show_customer(request, customer, status=400, hold_form=form)
    try:
        hold = put_on_hold(
            customer.pk, form.cleaned_data["reason"], form.cleaned_data["until"], request.user, read_now()
        )
    except Refusal as refusal:
        form.add_error(None, str(refusal))
        return show_customer(request, customer, status=400, hold_form=form)
    messages.success(request, f"{customer} is on hold {until_words(hold.until, workspace_zone())}.")
    return redirect("calendar:customer", customer_id)


@button_on("calendar:customer", "customer_id")
def change_hold(request: HttpRequest, customer_id: int, hold_id: int) -> HttpResponse:
    """`lift` ends it now; otherwise it gets the end that was chosen."""
    hold = get_object_or_404(Hold.objects.select_related("customer"), pk=hold_id, customer=customer_id)
    form = EndForm(request.POST)
    try:
        if "lift" in request.POST:
            lift_hold(hold.pk, request.user, read_now())
            messages.success(
                request, f"Lifted: campaigns reach {hold.customer} again. What they missed is not sent later."
            )
        elif form.is_valid():
            until = form.cleaned_data["until"]
            end_hold_at(hold.pk, until, request.user, read_now())
            messages.success(request, f"{hold.customer} is on hold {until_words(until, workspace_zone())}.")
        else:
            messages.error(request, " ".join(str(error) for errors in form.errors.values() for error in errors))
    except Refusal as refusal:
        messages.error(request, str(refusal))
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
