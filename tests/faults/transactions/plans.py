"""What planning, triggers, the overlap checker and the life of a campaign commit."""

from datetime import date, time, timedelta

from campaigns.models import Campaign, Send
from campaigns.services import lifecycle
from campaigns.services.firings import fire_all
from campaigns.services.overlaps import check_overlaps
from campaigns.services.planning import plan_all, plan_sends
from tests.builders import NOW, make_campaign
from tests.deliveries.scenes import approve, make_id_segment, make_spread
from tests.faults.transactions.scenes import SOME, Work, happen, under_way


def planning() -> Work:
    """One that is new, one whose hour was edited, one that is over, and one whose days are past."""
    make_spread(SOME)
    segment = make_id_segment(SOME)
    weekly = {"trigger": "recurring", "rrule": "FREQ=WEEKLY;BYDAY=TU"}
    make_campaign([segment], **weekly)
    edited = make_campaign([segment], **weekly)
    over = make_campaign([segment], start_date=date(2026, 11, 20))
    quiet = make_campaign([segment], trigger="event", event="ordered")
    for campaign, then in ((edited, NOW), (over, NOW - timedelta(days=5)), (quiet, NOW - timedelta(days=5))):
        plan_sends(campaign.pk, then)
    Campaign.objects.filter(pk=edited.pk).update(local_time=time(10))
    Send.objects.filter(campaign=over).update(state=Send.State.DONE)
    for campaign in (over, quiet):
        approve(campaign, Campaign.Status.RUNNING)
    return lambda: plan_all(NOW)


def firing() -> Work:
    make_spread(SOME)
    for _ in range(2):
        approve(make_campaign([make_id_segment(SOME)], trigger="event", event="ordered"))
    fire_all(NOW)
    happen(NOW)
    return lambda: fire_all(NOW)


def starting_to_fire() -> Work:
    make_spread(SOME)
    approve(make_campaign([make_id_segment(SOME)], trigger="event", event="ordered"))
    happen(NOW - timedelta(hours=1))
    return lambda: fire_all(NOW)


def finding_overlaps() -> Work:
    make_spread(SOME)
    for _ in range(3):
        plan_sends(make_campaign([make_id_segment(SOME)]).pk, NOW)
    return lambda: check_overlaps(NOW)


def asking() -> Work:
    campaign = _ready()
    return lambda: lifecycle.ask_for_approval(campaign.pk, None, NOW)


def approving() -> Work:
    campaign = _ready()
    number = lifecycle.ask_for_approval(campaign.pk, None, NOW).number
    return lambda: lifecycle.approve(campaign.pk, number, None, NOW)


def pausing() -> Work:
    send = under_way("email", 2)
    return lambda: lifecycle.pause(send.campaign_id, None, NOW)


def resuming() -> Work:
    send = under_way("email", 2)
    lifecycle.pause(send.campaign_id, None, NOW)
    return lambda: lifecycle.resume(send.campaign_id, None, NOW)


def cancelling() -> Work:
    send = under_way("email", 2)
    return lambda: lifecycle.cancel(send.campaign_id, None, NOW)


def _ready() -> Campaign:
    make_spread(SOME)
    return make_campaign([make_id_segment(SOME)])
