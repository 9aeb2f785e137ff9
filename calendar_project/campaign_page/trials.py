"""The buttons that send a test to oneself: of one message, or of all of them."""

from collections.abc import Sequence
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404

from audiences.clock import read_now
from calendar_project.pages import button_on
from campaigns.models import Campaign, Message
from campaigns.rights import can_plan

from .access import campaign_or_404, person
from .previews import customer_for
from .trial_mail import NoTest, send_tests
from .views import asked_customer, back


@button_on("calendar:campaign", "campaign_id")
def test_to_me(request: HttpRequest, campaign_id: int, message_id: int) -> HttpResponse:
    """Mail one message to whoever asks, rendered for the customer that the page showed."""
    campaign = campaign_or_404(request, campaign_id)
    return _send(request, campaign, [get_object_or_404(Message, pk=message_id, campaign=campaign)])


@button_on("calendar:campaign", "campaign_id")
def tests_to_me(request: HttpRequest, campaign_id: int) -> HttpResponse:
    """The same with every message of the campaign."""
    campaign = campaign_or_404(request, campaign_id)
    return _send(request, campaign, list(campaign.messages.order_by("channel", "variant")))


def _send(request: HttpRequest, campaign: Campaign, chosen: Sequence[Message]) -> HttpResponse:
    asked, user = asked_customer(request.POST), person(request)
    if not can_plan(user, campaign.team):
        messages.error(request, f"Only planners and approvers of {campaign.team} send tests of {campaign}.")
        return back(campaign)
    try:
        sent, sentences = send_tests(campaign, chosen, customer_for(campaign, asked), user, read_now())
    except NoTest as problem:
        sent, sentences = 0, [str(problem)]
    if sent:
        messages.success(request, f"{f'{sent} tests sent' if sent > 1 else 'Sent'} to {user.email}.")
    for sentence in sentences:
        messages.error(request, sentence)
    return back(campaign, "messages", urlencode({"customer": asked}) if asked else "")
