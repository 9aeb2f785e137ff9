"""The scheduler is off for hours: what is late within its grace goes once, what is older is missed, and is shown."""

import re
from collections import Counter
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.db.models import Q
from django.test import Client
from django.urls import reverse

from campaigns.models import Campaign, Firing, Send
from deliveries.channels.memory import MemoryChannel
from deliveries.models import Delivery, Withheld
from deliveries.queries.explanations import explain
from tests.builders import make_user
from tests.faults.report import Scenario
from tests.faults.stopped_scheduler import campaigns, run_until_the_end, stage
from tests.faults.worlds import empty_the_world

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.only_on("postgresql")]
LATE = "missed: its hour was over before it could go out"
DROPPED = "dropped: too late to be of use when it was read"
EXPIRED = "expired: its time ran out before it could leave"
UNAPPROVED = "missed: not approved"
ONE = {"sent": 1}
# What becomes of each campaign where the scheduler was off for 0, 1, 6 and 48 hours. The grace is one hour.
EXPECTED: dict[str, tuple[dict[str, int], ...]] = {
    "dated": (ONE, ONE, {LATE: 1}, {LATE: 1}),
    "dated, of use for 12 h": (ONE, ONE, ONE, {LATE: 1}),
    "dated, not approved": ({UNAPPROVED: 1},) * 4,
    "recurring, three days": ({"sent": 3}, {"sent": 3}, {"sent": 2, LATE: 1}, {"sent": 1, LATE: 2}),
    "local, under way": (
        {"sent": 4},
        {"sent": 4},
        {"sent": 3, "withheld: missed": 1},
        {"sent": 1, "withheld: missed": 3},
    ),
    "local, the next day": ({"sent": 4}, {"sent": 4}, {"sent": 4}, {LATE: 1}),
    "event": (ONE,) * 4,
    "event, of use for 2 h": (ONE, ONE, {DROPPED: 1}, {DROPPED: 1}),
    "silence": (ONE,) * 4,
    "silence, of use for 2 h": (ONE, ONE, {DROPPED: 1}, {DROPPED: 1}),
    "planned before": (ONE, ONE, ONE, {EXPIRED: 1}),
}
HOURS = (0, 1, 6, 48)


def became(campaign: Campaign, received: Counter[int]) -> dict[str, int]:
    """Messages that arrived, and everything that did not go out, with its reason."""
    found: Counter[str] = Counter()
    for row in Delivery.objects.filter(send__campaign=campaign):
        found["sent" if row.state == Delivery.State.SENT else f"{row.state}: {row.reason}"] += 1
        found["not received once"] += received[row.pk] != (row.state == Delivery.State.SENT)
    for send in Send.objects.filter(campaign=campaign, state=Send.State.MISSED):
        found[f"missed: {send.reason}"] += 1
    for withheld in Withheld.objects.filter(send__campaign=campaign):
        found[f"withheld: {withheld.reason}"] += withheld.size
    for firing in Firing.objects.filter(campaign=campaign).exclude(state=Firing.State.DECIDED):
        found[f"{firing.state}: {firing.reason}"] += 1
    return dict(+found)


def explained(campaign: Campaign) -> str:
    """All that is said to anybody about any send of it."""
    told = Send.objects.filter(~Q(state=Send.State.SCHEDULED) | Q(firings__isnull=False), campaign=campaign).distinct()
    return " ".join(each.sentence for send in told for pk in range(1, 5) for each in explain(pk, send.pk))


def seen(client: Client, address: str) -> str:
    html = client.get(address).content.decode()
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", html)))


def not_shown(client: Client, campaign: Campaign, outcome: dict[str, int]) -> list[str]:
    """Where somebody would look for what did not go out, and not find it."""
    client.force_login(make_user(is_superuser=True))
    week = seen(client, reverse("calendar:week-of", args=["2026-W48"]))
    own = seen(client, reverse("calendar:campaign", args=[campaign.pk]))
    words, missing = explained(campaign), list[str]()
    for each in outcome.keys() - {"sent"}:
        kind, _, reason = each.partition(": ")
        label = Withheld.Reason(reason).label if kind == "withheld" else reason
        missing += [f"{each}: explanation"] * (label not in words)
        if kind == "missed":
            missing += [f"{each}: week"] * (f"Missed: {reason}" not in week)
            missing += [f"{each}: campaign page"] * (reason not in own)
        elif kind != "dropped":
            missing += [f"{each}: campaign page"] * (
                f"{outcome[each]} {reason if kind == 'withheld' else kind}" not in own
            )
    return missing


@pytest.mark.faults("scheduler off for 0, 1, 6, 48 h")
def test_what_is_late_within_its_grace_goes_once_and_what_is_older_is_missed_and_shown(
    scenario: Scenario, memory: type[MemoryChannel], client: Client
) -> None:
    wrong, hidden = list[Any](), list[str]()
    stops = HOURS if scenario.is_whole else (1, 48)
    for hours in stops:
        empty_the_world()
        memory.clear()
        stage()
        run_until_the_end(timedelta(hours=hours))
        received = Counter(message.delivery_id for message in memory.sent)
        for name, campaign in campaigns().items():
            outcome = became(campaign, received)
            expected = EXPECTED[name][HOURS.index(hours)]
            if outcome != expected:
                wrong.append((name, hours, outcome, expected))
            hidden += [f"{name}, {hours} h: {each}" for each in not_shown(client, campaign, outcome)]
    scenario.report(
        size=f"{len(EXPECTED)} campaigns × {len(stops)} stops",
        bars={"late within grace goes once, older is missed": not wrong, "what was missed is shown": not hidden},
        figures={"wrong": wrong, "hidden": hidden},
    )
