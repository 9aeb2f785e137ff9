"""A workspace with private campaigns of one team, whose every text says an unmistakable word, and who looks at it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import Permission, User
from django.db.models import CharField, Field, Model, TextField
from django.test import Client

from audiences.clock import read_now
from audiences.models import Customer, Segment, Topic, Workspace
from audiences.services.api_keys import create_api_key
from campaigns.models import (
    Campaign,
    Decision,
    Finding,
    Firing,
    Handoff,
    HistoryEntry,
    Milestone,
    Retirement,
    Send,
    Team,
)
from campaigns.services.feeds import create_feed
from deliveries.models import InboxItem, Withheld
from tests.builders import (
    make_campaign,
    make_customers,
    make_delivery,
    make_item,
    make_review,
    make_segment,
    make_send,
    make_team,
    make_topic,
    make_user,
    make_version,
)

# Stands in no other word. A text field that comes later carries it by itself.
WORD = "zq"
# Texts that mean something to the engine, or that stand for what everybody may know.
PLAIN = {
    "channel", "slot", "local_due", "rrule", "digest", "key", "inputs", "lease_token", "variant", "bound_by", "link",
}  # fmt: skip
ROLES = ("viewer", "planner", "approver")


@dataclass(frozen=True)
class Scene:
    """`hidden` are private to the team Product; `open` is a campaign of Lifecycle that overlaps with one of them."""

    hidden: tuple[Campaign, ...]
    open: Campaign
    owner: User
    words: tuple[str, ...]


def make_scene() -> Scene:
    Workspace.current()
    now = read_now()
    product, lifecycle = make_team("product"), make_team("lifecycle")
    people = make_customers(12)
    make_user("another"), make_topic("another"), make_segment(people, "another")
    owner = make_user(f"{WORD}owner", first_name="Zqfirst", last_name="Zqlast", email="zqowner@example.com")
    mine = {"team": product, "owner": owner, "is_private": True, "channels": ["email", "in_app"]}
    segment = make_segment(people, f"{WORD}segment")
    shared = {"topic": make_topic(f"{WORD}topic"), "milestone": Milestone.objects.create(name="Zqmilestone", event="x")}
    today = now.date()
    dated = make_campaign([segment], **mine, **shared, experiment_ends=today, guardrails=["zqguard"], start_date=today)
    always = make_campaign([segment], **mine, **shared, trigger="event", status=Campaign.Status.RUNNING)
    template = make_campaign([segment], **mine, **shared, is_template=True)
    other = make_campaign([make_segment(people, "everybody")], name="Trial ending", team=lifecycle, start_date=today)
    for campaign in (dated, always, template):
        say_words(campaign)
        for message in campaign.messages.all():
            say_words(message)
    _send_and_explain(dated, always, other, people[0], now)
    _find(dated, other, now)
    _review(dated, other, now)
    words = (WORD, "Zq")
    return Scene((dated, always, template), other, owner, words)


def _send_and_explain(dated: Campaign, always: Campaign, other: Campaign, customer: Customer, now: datetime) -> None:
    """Sends ahead and behind, with deliveries, an inbox item, a firing, and one of the other that yielded."""
    for campaign in (dated, always, other):
        version = make_version(campaign)
        Campaign.objects.filter(pk=campaign.pk).update(status="running", approved_version=version)
        say_words(HistoryEntry.objects.create(campaign=campaign, version=version, at=now, action="edited"), campaign)
    ahead = {campaign: make_send(campaign, now + timedelta(hours=2), expected_volume=40) for campaign in (dated, other)}
    day = make_send(always, now - timedelta(hours=1), slot=f"{now:%Y-%m-%d}", expected_volume=7, state="sending")
    fired = {"key": "event:1", "occurred_at": now, "due_at": now, "send": day}
    say_words(Firing.objects.create(campaign=always, customer=customer, **fired))
    for campaign in (dated, other):
        behind = {"state": "done", "version": campaign.versions.get(), "frozen_at": now, "audience_size": 40}
        send = make_send(campaign, now - timedelta(hours=3), **behind)
        delivery = make_delivery(send, customer, "in_app", state="sent", message_id=f"{send.pk}.m")
        say_words(delivery, campaign)
        item = InboxItem.objects.create(delivery=delivery, customer=customer, created_at=now)
        say_words(item, campaign)
    for send in [*ahead.values(), day]:
        say_words(send, send.campaign)
    from audiences.bitmaps import collect, dump

    bound = Withheld(send=Send.objects.filter(campaign=other, state="done").get(), channel="email", shard=0, size=1)
    bound.reason, bound.bound_by, bound.members = "yielded", f"campaign:{dated.pk}", dump(collect([customer.pk]))
    bound.shard = customer.pk // 256
    bound.save()
    Send.objects.filter(campaign=other, state="done").update(audience=dump(collect([customer.pk])))


def _find(dated: Campaign, other: Campaign, now: datetime) -> None:
    """Beside the open campaign, one settled and one not; and one that only the private ones are about."""
    sends = [[Send.objects.filter(campaign=each, state="scheduled").get().pk for each in (dated, other)]]
    always = Campaign.objects.get(trigger="event")
    third = make_campaign(name="Second order", team=other.team)
    for number, (first, second, state) in enumerate(
        [(dated, other, "open"), (other, dated, "acknowledged"), (dated, always, "open"), (other, third, "open")]
    ):
        finding = Finding.objects.create(
            key=f"key-{number}", kind="duplicate", severity="high", state=state, first=first, second=second,
            sends=sends, sends_total=1, shared=40, percent_of_first=100, percent_of_second=100, inputs="x",
            axes=["channel:email", "topic:1", "goal:zqgoal"], found_at=now, checked_at=now, acknowledged_at=now,
        )  # fmt: skip
        if dated in (first, second):
            say_words(finding)
        else:
            # Graver than what the one above is known as, and less grave than it is.
            Finding.objects.filter(pk=finding.pk).update(severity="low", kind="crowding", axes=["channel:email"])


def _review(dated: Campaign, other: Campaign, now: datetime) -> None:
    """A review that was held and one that is open, with all that may be said of a private campaign; one stopped, with
    what was learnt; one handed over."""
    noted = {"at": now.isoformat(), "action": "edited", "by": "Zqfirst", "note": "zqnote"}
    facts: dict[str, dict[str, Any]] = {
        "experiment": {"ends": f"{now:%Y-%m-%d}", "why": "zqwhy"},
        "lacking": {"lacks": ["goal"]},
        "handoff": {"to": "Zqfirst", "at": now.isoformat()},
        "changed": {"changes": [noted], "more": 0},
        "send": {"when": None, "people": 40, "channels": ["email"], "status": "running"},
        "went_out": {"sends": 1, "sent": 40},
    }
    both = {
        "kind": "duplicate", "severity": "high", "shared": 40, "percent": 90.0, "is_estimated": False,
        "axes": ["channel:email", "goal:zqgoal"], "whens": [{"at": now.isoformat(), "local": False}] * 2,
    }  # fmt: skip
    for week, is_closed in ((now - timedelta(days=7), True), (now, False)):
        review = make_review(f"{week:%G-W%V}", is_closed=is_closed)
        for about, said in facts.items():
            say_words(make_item(review, dated, about, facts=said), dated)
        item = make_item(review, other, "finding", other=dated, other_name="Zqname", facts=both)
        if is_closed:
            decision = Decision.objects.create(item=item, kind="keep", campaign=dated, at=now)
            say_words(decision)
    stopped = make_campaign([], team=dated.team, is_private=True, status="cancelled")
    say_words(stopped)
    say_words(Retirement.objects.create(campaign=stopped, at=now))
    say_words(Handoff.objects.create(campaign=dated, to=make_user("another receiver"), offered_at=now))


def say_words(row: Model, of: Campaign | None = None) -> None:
    """Put a word into every text of a row, where it is of a private campaign."""
    if of is None or of.is_private:
        words = {field.name: word_of(field) for field in spoken_fields(type(row))}
        type(row)._default_manager.filter(pk=row.pk).update(**words)
        for name, word in words.items():
            setattr(row, name, word)


def spoken_fields(model: type[Model]) -> list["Field[Any, Any]"]:
    texts = (field for field in model._meta.concrete_fields if isinstance(field, CharField | TextField))
    return [field for field in texts if not field.choices and field.name not in PLAIN]


def word_of(field: "Field[Any, Any]") -> str:
    return f"{WORD}{field.name.replace('_', '')}"[: field.max_length or 100]


def outsiders() -> dict[str, Client]:
    """Everybody who is to see a busy block at most."""
    elsewhere = {f"{role} elsewhere": _signed_in(team=make_team(), role=role) for role in ROLES}
    trusted = _signed_in()
    trusted_user = User.objects.get(pk=trusted.session["_auth_user_id"])
    trusted_user.user_permissions.set(Permission.objects.all())
    return {
        "anonymous": Client(),
        "in no team": _signed_in(is_staff=False),
        **elsewhere,
        "every permission": trusted,
        "a product": Client(headers={"authorization": f"Token {create_api_key('shop')}"}),
    }


def insiders(scene: Scene) -> dict[str, Client]:
    owner, its_team = Client(), Team.objects.get(slug="product")
    User.objects.filter(pk=scene.owner.pk).update(is_staff=True)
    owner.force_login(scene.owner)
    return {
        **{f"{role} of the team": _signed_in(team=its_team, role=role) for role in ROLES},
        "its owner": owner,
        "workspace admin": _signed_in(is_superuser=True),
    }


def _signed_in(**fields: Any) -> Client:
    client = Client()
    client.force_login(make_user(**{"is_staff": True, **fields}))
    return client


def feeds_of(client: Client) -> Iterator[str]:
    """The addresses of two feeds of theirs: of everything, and of the team that has something to hide."""
    if user_id := client.session.get("_auth_user_id"):
        user = User.objects.get(pk=user_id)
        for team in (None, Team.objects.get(slug="product")):
            yield f"/feeds/{create_feed(user, team, 'Mine')[1]}.ics"


def hidden_otherwise(scene: Scene) -> None:
    """The same busy blocks: everything that they hide is another. Sizes, times, channels and teams stay."""
    another = User.objects.get(username="another")
    segment, topic = Segment.objects.get(slug="another"), Topic.objects.get(slug="another")
    for campaign in scene.hidden:
        campaign.include.set([segment])
        changed = dict.fromkeys(("name", "goal_event", "hypothesis"), "something else")
        Campaign.objects.filter(pk=campaign.pk).update(
            **changed, owner=another, topic=topic, milestone=None, experiment_ends=None, updated_at=read_now()
        )
        campaign.messages.update(subject="x", text="x", title="x")
    Campaign.objects.filter(pk__in=[each.pk for each in scene.hidden[:2]]).update(status="in_review", reach="first")
    Finding.objects.filter(first__is_private=True).update(kind="crowding", severity="medium", axes=["channel:email"])
    Finding.objects.filter(second__is_private=True).update(acknowledged_reason="x", severity="low", kind="crowding")
