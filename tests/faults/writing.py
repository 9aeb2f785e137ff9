"""An embedded workspace in which everybody writes at once: what each writer does, and what the one who sends does."""

import random
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command

from audiences.clock import read_now
from audiences.models import Customer, Event
from audiences.services.customers import CustomerRow, upsert_customers
from audiences.services.events import EventRow, record_events
from campaigns.models import Campaign, Send
from campaigns.services import lifecycle
from campaigns.services.planning import plan_sends
from deliveries.models import Delivery
from deliveries.services.admitting import admit_shard, begin_due_sends, shards_to_admit
from deliveries.services.dispatching import dispatch
from deliveries.services.finishing import finish_sends
from deliveries.services.reaping import reap
from deliveries.services.withdrawals import opt_out, suppress
from tests.builders import make_campaign, make_topic
from tests.deliveries.scenes import approve, make_approved_send, make_id_segment, make_spread

PEOPLE = range(1, 401)
CHANNELS = ["email", "in_app"]


def stage(writers: int) -> None:
    """Tables, people, and for each writer a campaign of its own to plan and to pause."""
    call_command("migrate", verbosity=0, interactive=False)
    make_spread(PEOPLE)
    segment = make_id_segment(PEOPLE)
    for number in range(writers):
        name = f"of writer {number}"
        approve(make_campaign([segment], name=name, trigger="recurring", rrule="FREQ=WEEKLY;BYDAY=SU"))


def write(number: int, transactions: int, chance: random.Random) -> tuple[Counter[str], float]:
    """How many of each kind went through, and the longest in seconds; what was raised is counted by its words."""
    done, longest = Counter[str](), 0.0
    kinds = (_event, _customer, _opt_out, _suppress, _plan, _stop_and_go)
    for turn in range(transactions):
        kind, began = chance.choice(kinds), time.monotonic()
        try:
            kind(number, turn, chance)
        except Exception as problem:
            done[f"{kind.__name__}: {problem!r}"] += 1
        else:
            done[kind.__name__] += 1
        longest = max(longest, time.monotonic() - began)
    return done, longest


def send_out(is_finished: Callable[[], bool]) -> Counter[str]:
    """One send after the other until the writers are done, and the last one to its end."""
    done: Counter[str] = Counter()
    while not is_finished() or _is_under_way():
        try:
            if not _is_under_way():
                make_approved_send(PEOPLE, read_now(), channels=CHANNELS)
                done["sends"] += 1
            _tick()
        except Exception as problem:
            done[f"the send: {problem!r}"] += 1
            if done.total() > 1000:
                break
    return done


def _is_under_way() -> bool:
    # Those of the writers' campaigns come and go with the day of the week.
    sends = Send.objects.filter(campaign__trigger=Campaign.Trigger.AT)
    return sends.exclude(state__in=[Send.State.DONE, Send.State.CANCELLED, Send.State.MISSED]).exists()


def _tick() -> None:
    begin_due_sends(read_now())
    for each in shards_to_admit(read_now()):
        admit_shard(each.send_id, each.shard, each.due_at, read_now())
    for name in CHANNELS:
        dispatch(name, read_now, budget_seconds=0.5)
    reap(read_now())
    finish_sends(read_now())


def account() -> dict[str, Any]:
    """What is in the tables and in the outbox when it is over."""
    states = Counter(Delivery.objects.values_list("channel", "state"))
    return {
        "states": {f"{channel} {state}": count for (channel, state), count in states.items()},
        "files": sum(1 for _ in Path(settings.EMAIL_URL.removeprefix("outbox://")).glob("*.eml")),
        "events": Event.objects.count(),
        "customers": Customer.objects.count() - len(PEOPLE),
        "sends": Send.objects.filter(state=Send.State.DONE).count(),
    }


def _event(number: int, turn: int, chance: random.Random) -> None:
    record_events([EventRow(f"spread-{chance.choice(PEOPLE)}", "ordered", read_now(), f"{number}-{turn}")], read_now())


def _customer(number: int, turn: int, chance: random.Random) -> None:
    upsert_customers([CustomerRow(f"new-{number}-{turn}", name="Ann")], read_now())


def _opt_out(number: int, turn: int, chance: random.Random) -> None:
    opt_out(chance.choice(PEOPLE), make_topic().pk, chance.choice(CHANNELS), read_now())


def _suppress(number: int, turn: int, chance: random.Random) -> None:
    suppress(chance.choice(PEOPLE), "email", "manual", "", read_now())


def _plan(number: int, turn: int, chance: random.Random) -> None:
    campaign = Campaign.objects.get(name=f"of writer {number}")
    Campaign.objects.filter(pk=campaign.pk).update(rrule=f"FREQ=WEEKLY;BYDAY={chance.choice(['SA', 'SU'])}")
    plan_sends(campaign.pk, read_now())


def _stop_and_go(number: int, turn: int, chance: random.Random) -> None:
    campaign = Campaign.objects.get(name=f"of writer {number}")
    move = lifecycle.resume if campaign.status == Campaign.Status.PAUSED else lifecycle.pause
    move(campaign.pk, None, read_now())
