"""The pages that customers see: unsubscribe, preferences, and a message in the browser. No login: the token is the key.

GET and HEAD show; only POST changes, whoever follows the link. No CSRF token is asked for: no cookie says who it is,
and a mail program that unsubscribes by one click (RFC 8058) has none.
"""

from collections.abc import Iterable
from typing import Any

from csp.decorators import csp_replace
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from audiences.clock import read_now
from audiences.models import Topic
from campaigns.rendering import TemplateProblem
from deliveries import tokens
from deliveries.channels import registry
from deliveries.cleaning import clean_html
from deliveries.models import Delivery
from deliveries.queries.inbox import living_customer
from deliveries.queries.preferences import TopicChoices, preferences_of
from deliveries.services import withdrawals
from deliveries.services.composing import compose_again

SHOW_AND_CHANGE = require_http_methods(["GET", "HEAD", "POST"])
# What a framed message may do: show itself. No scripts, no forms, no addresses but those of its pictures.
FRAME_POLICY: dict[str, list[str]] = {
    "default-src": ["'none'"],
    "img-src": ["https:", "data:"],
    "style-src": ["'unsafe-inline'"],
    "sandbox": ["allow-popups", "allow-popups-to-escape-sandbox"],
}


@csrf_exempt
@never_cache
@SHOW_AND_CHANGE
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """One click, and a page to click on. Works twice."""
    try:
        wish = tokens.read_unsubscribe(token)
    except tokens.BadToken:
        return link_does_not_work(request)
    topic = Topic.objects.filter(pk=wish.topic_id).first()
    if topic is None or living_customer(wish.customer_id) is None:
        return link_does_not_work(request)
    if request.method == "POST":
        withdrawals.opt_out(wish.customer_id, wish.topic_id, wish.channel, read_now())
    context = {
        "topic": topic,
        "channel": registry.label(wish.channel),
        "is_done": request.method == "POST",
        "preferences": tokens.preferences_token(wish.customer_id),
    }
    return render(request, "deliveries/unsubscribe.html", context)


@csrf_exempt
@never_cache
@SHOW_AND_CHANGE
def preferences(request: HttpRequest, token: str) -> HttpResponse:
    """Topics by channels, each with a tick, and one button that ends it all."""
    try:
        customer = living_customer(tokens.read_preferences(token))
    except tokens.BadToken:
        customer = None
    if customer is None:
        return link_does_not_work(request)
    if request.method == "POST":
        wanted = _wanted(request.POST, preferences_of(customer.pk))
        withdrawals.set_preferences(customer.pk, wanted, read_now())
    context = {"topics": preferences_of(customer.pk), "is_saved": request.method == "POST"}
    return render(request, "deliveries/preferences.html", context)


@never_cache
@require_safe
def view_message(request: HttpRequest, token: str) -> HttpResponse:
    """A message in the browser: a frame around its own page."""
    outgoing = _message_of(token)
    if outgoing is None:
        return link_does_not_work(request)
    return render(request, "deliveries/view_message.html", {"subject": outgoing["subject"], "token": token})


@never_cache
@require_safe
@xframe_options_sameorigin
@csp_replace(FRAME_POLICY)  # type: ignore[arg-type]  # the package types views without arguments
def view_content(request: HttpRequest, token: str) -> HttpResponse:
    """What is in the frame: the message, cleaned, under a policy that lets it do nothing."""
    outgoing = _message_of(token)
    if outgoing is None:
        return link_does_not_work(request)
    return render(request, "deliveries/view_content.html", outgoing)


def link_does_not_work(request: HttpRequest) -> HttpResponse:
    """The same kind page whatever is wrong with a token, so that nothing can be learnt from it."""
    response = render(request, "deliveries/link_does_not_work.html", status=404)
    # Django logs the path of a 404, and the path holds the token.
    response._has_been_logged = True  # type: ignore[attr-defined]
    return response


def _wanted(posted: Any, topics: Iterable[TopicChoices]) -> dict[tuple[int, str], bool]:
    """What is to change: everything that was shown and is now ticked otherwise, or all of it."""
    choices = [choice for each in topics for choice in each.choices]
    if "everything" in posted:
        return {(choice.topic_id, choice.channel): False for choice in choices}
    shown, ticked = set(posted.getlist("shown")), set(posted.getlist("on"))
    return {
        (choice.topic_id, choice.channel): choice.key in ticked
        for choice in choices
        if choice.key in shown and (choice.key in ticked) != choice.is_on
    }


def _message_of(token: str) -> dict[str, str] | None:
    try:
        delivery_id = tokens.read_view(token)
    except tokens.BadToken:
        return None
    delivery = Delivery.objects.select_related("customer").filter(pk=delivery_id).first()
    if delivery is None or delivery.customer.is_erased:
        return None
    try:
        outgoing = compose_again(delivery)
    except TemplateProblem:
        return None
    return {
        "subject": outgoing.subject or outgoing.title,
        "html": clean_html(outgoing.html),
        "text": outgoing.text or outgoing.body,
    }
