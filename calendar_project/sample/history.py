"""Ten days of the workspace lived through with the real services: events, firings, admission, dispatch.

What the ledger holds afterwards is therefore true. Mail goes to a channel that keeps nothing, and that answers from
inside this process, so that it may be asked inside the transaction that the whole sample is loaded in.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import ClassVar

from audiences.services.events import EventRow, record_events
from audiences.services.segments import refresh_all
from audiences.zones import zone_or
from calendar_project.sample.people import PLACES
from calendar_project.sample.workspace import TIMEZONE
from campaigns.models import Send
from campaigns.plan import CONTINUOUS
from campaigns.recurrence import instant
from campaigns.services.firings import fire_all
from campaigns.services.planning import plan_all
from deliveries.channels import registry
from deliveries.channels.base import Channel, MayLeave, Outcome, Outgoing, Verdict
from deliveries.channels.email import EmailChannel
from deliveries.services.admitting import admit_shard, begin_due_sends, shards_to_admit
from deliveries.services.admitting_firings import admit_firings
from deliveries.services.finishing import finish_sends
from deliveries.services.local import deliver_locally
from deliveries.services.withdrawals import suppress_bounced

#: Moments at which the workspace is looked after, besides those at which a send is due.
STEP = timedelta(hours=3)
BATCH = 1000
# One address in so many does not exist; of one answer in so many it is not known what it was.
BAD_ADDRESS, LOST_ANSWER = 211, 487


class NoMail(EmailChannel):
    """Takes mail and sends none. `bounced`: customers by delivery, as it answered since it was made."""

    is_local: ClassVar[bool] = True

    def __init__(self) -> None:
        super().__init__()
        self.bounced: dict[int, int] = {}

    def send(self, messages: Iterable[Outgoing], may_leave: MayLeave) -> Iterator[Outcome]:
        for outgoing in messages:
            outcome = _answer(outgoing)
            if outcome.suppress:
                self.bounced[outgoing.delivery_id] = outgoing.customer_id
            yield outcome


def _answer(outgoing: Outgoing) -> Outcome:
    number = int(outgoing.external_id.rpartition("-")[2])
    if number % BAD_ADDRESS == 0:
        evidence = {"phase": "rcpt", "code": 550, "text": "5.1.1 no such mailbox"}
        return Outcome(outgoing.delivery_id, Verdict.REJECTED, evidence, suppress="bounce")
    if number % LOST_ANSWER == 0:
        return Outcome(outgoing.delivery_id, Verdict.AMBIGUOUS, {"phase": "final dot", "text": "connection lost"})
    return Outcome(outgoing.delivery_id, Verdict.ACCEPTED, {"phase": "accepted", "code": 250})


def record(rows: Iterable[EventRow], now: datetime, *, imported: bool) -> None:
    events = list(rows)
    for begin in range(0, len(events), BATCH):
        record_events(events[begin : begin + BATCH], now, imported=imported)


def live_through(began: datetime, now: datetime, events: Sequence[EventRow]) -> None:
    """From one moment to the other. `events` happen on the way and are in the order of time."""
    waiting = list(reversed(events))
    day = began.date()
    for at in _moments(began, now):
        happened = []
        while waiting and waiting[-1].occurred_at <= at:
            happened.append(waiting.pop())
        record(happened, at, imported=False)
        if at.date() != day:
            day = at.date()
            refresh_all(at)
            plan_all(at)
        look_after(at)


def _moments(began: datetime, now: datetime) -> list[datetime]:
    """A step at a time, and every hour at which a send is due somewhere on earth."""
    dated = Send.objects.filter(due_at__gt=began, due_at__lt=now).exclude(campaign__trigger__in=CONTINUOUS)
    due = {each for send in dated for each in _hours_of(send) if each < now}
    steps = {began + STEP * number for number in range(1, int((now - began) / STEP) + 1)}
    return sorted(steps | due | {now})


def _hours_of(send: Send) -> set[datetime]:
    """One, or one for each zone that customers of the sample live in."""
    if not send.local_due:
        return {send.due_at}
    local = datetime.fromisoformat(send.local_due)
    return {instant(local, zone_or(zone, TIMEZONE)) for _, _, zone, _ in PLACES}


def look_after(at: datetime) -> None:
    """What the workers of a running workspace do in their turns: fire, freeze, admit, dispatch, finish."""
    fire_all(at)
    begin_due_sends(at)
    for each in shards_to_admit(at):
        admit_shard(each.send_id, each.shard, each.due_at, at)
    admit_firings(at)
    mail = NoMail()
    _dispatch("email", mail, at)
    suppress_bounced("email", mail.bounced, at)
    _dispatch("in_app", registry.channel("in_app"), at)
    finish_sends(at)


def _dispatch(name: str, channel: Channel, at: datetime) -> None:
    for urgent in (True, False):
        deliver_locally(name, channel, lambda: at, math.inf, urgent=urgent)
