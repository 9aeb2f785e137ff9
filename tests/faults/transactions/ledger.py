"""What admission, dispatch, the reaper and the end of a send commit."""

from datetime import time, timedelta

from campaigns.models import Campaign
from deliveries.models import Delivery, QuietHours
from deliveries.services.admitting import admit_shard, begin_due_sends, shards_to_admit
from deliveries.services.admitting_firings import admit_firings
from deliveries.services.finishing import finish_sends
from deliveries.services.reaping import reap
from tests.builders import NOW, make_campaign, make_delivery, make_running_send
from tests.deliveries.dispatches import run
from tests.deliveries.scenes import make_approved_send, make_cap, make_firing, make_spread
from tests.faults.transactions.scenes import SOME, Work, under_way

LONG_AGO = NOW - timedelta(days=1)


def freezing() -> Work:
    make_spread(SOME)
    for _ in range(3):
        make_approved_send(SOME)
    return lambda: begin_due_sends(NOW)


def admitting() -> Work:
    make_spread(SOME)
    make_cap(1)
    for channels in (["email"], ["email", "in_app"]):
        make_approved_send(SOME, channels=channels)
    begin_due_sends(NOW)

    def tick() -> None:
        for each in shards_to_admit(NOW):
            admit_shard(each.send_id, each.shard, each.due_at, NOW)

    return tick


def admitting_firings() -> Work:
    make_spread(SOME)
    send = make_approved_send(SOME, trigger="event", event="ordered", reentry_days=0)
    Campaign.objects.update(status=Campaign.Status.RUNNING)
    for number, pk in enumerate((*SOME, *SOME[:2])):
        make_firing(send, pk, f"event:{number}")
    return lambda: admit_firings(NOW)


def dispatching() -> Work:
    under_way("email", 25)
    return lambda: run("email", limit=10)


def delivering_locally() -> Work:
    under_way("in_app", 25)
    return lambda: run("in_app", limit=10)


def rescheduling() -> Work:
    under_way("email", 12)
    QuietHours.objects.create(channel="email", start=time(8), end=time(12))
    return lambda: run("email", limit=5)


def reaping() -> Work:
    """Rows as dead workers leave them, one that is too late, and those of a campaign that was cancelled."""
    send = under_way("email", 12)
    rows = list(send.deliveries.order_by("pk").values_list("pk", flat=True))
    for state, those in (("claimed", rows[:3]), ("sending", rows[3:6])):
        Delivery.objects.filter(pk__in=those).update(state=state, lease_token="dead", lease_until=LONG_AGO)
    Delivery.objects.filter(pk__in=rows[6:9]).update(due_at=LONG_AGO, expires_at=LONG_AGO)
    stopped = make_running_send(make_campaign())
    for pk in (301, 302):
        make_delivery(stopped, make_spread([pk])[0])
    Campaign.objects.filter(pk=stopped.campaign_id).update(status=Campaign.Status.CANCELLED)
    return lambda: reap(NOW)


def finishing() -> Work:
    under_way("email", 3)
    Delivery.objects.update(state=Delivery.State.SENT)
    make_spread([300])
    for _ in range(3):
        make_approved_send([300], channels=["webhook"])
    begin_due_sends(NOW)
    for each in shards_to_admit(NOW):
        admit_shard(each.send_id, each.shard, each.due_at, NOW)
    return lambda: finish_sends(NOW)
