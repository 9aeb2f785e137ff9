"""Invariant 11: of a private campaign other teams see a busy block, wherever they look and whatever they ask."""

import re
from collections.abc import Iterable, Iterator
from datetime import timedelta
from html import unescape
from typing import Any
from urllib.parse import urlencode

import pytest
from django.forms import ModelChoiceField
from django.test import Client
from django.urls import reverse

from audiences.clock import read_now
from calendar_project import tasks
from calendar_project.week.filters import WeekFilter
from campaigns.models import AgendaItem, Campaign, Finding, HistoryEntry, Send
from campaigns.refusals import NotAllowed
from campaigns.rights import can_see, seen_by
from campaigns.services import fixes
from campaigns.services.cloning import clone
from campaigns.veils import seen_findings, veiled
from deliveries.channels.memory import MemoryChannel
from tests.builders import make_team, make_user
from tests.calendar_project.addresses import OF_A_CAMPAIGN, admin_pages, pages, questions, sends
from tests.calendar_project.private_scene import (
    ROLES,
    WORD,
    Scene,
    feeds_of,
    hidden_otherwise,
    insiders,
    make_scene,
    outsiders,
    spoken_fields,
)
from tests.calendar_project.stage import lasting
from tests.calendar_project.watching import everything

pytestmark = pytest.mark.django_db
OUTSIDERS = ("anonymous", "in no team", *(f"{role} elsewhere" for role in ROLES), "every permission", "a product")
# Those that stand for the others: to whom an answer is compared with what it was.
COMPARED = ("in no team", "approver elsewhere", "every permission")
INSIDERS = (*(f"{role} of the team" for role in ROLES), "its owner", "workspace admin")
# Things of the workspace that everybody may choose from; that a private campaign has them is what nobody may know.
OPTION = re.compile(r"<option[^>]*>.*?</option>", re.DOTALL)
THINGS = ("segment", "topic", "milestone", "first", "last", "owner")
# Where they are shown for themselves: lists of segments, topics, milestones and users, and what customers subscribe to.
OF_THINGS = re.compile(r"admin:(audiences_(segment|topic)|campaigns_milestone|auth_user)_|calendar:customer$")
NOISE = re.compile(r'name="csrfmiddlewaretoken" value="\w+"')
# What does make a difference: the engine's figures and how long ago it did something, for operators; and that a
# segment or a topic cannot be deleted while anything, whatever it is, stands on it.
ANYHOW = r"^(metrics|readyz)$|audiences_(segment|topic)_delete"


@pytest.fixture(scope="module")
def scene(django_db_setup: None, django_db_blocker: Any) -> Iterator[Scene]:
    """Made once, for all tests of this file."""
    with lasting(django_db_blocker, make_scene) as made:
        yield made


def asked_of_the_week(scene: Scene) -> Iterator[tuple[str, str]]:
    """Every filter that the week has, with every value that there is, whoever may choose it."""
    for name, field in WeekFilter({}, None).fields.items():
        if isinstance(field, ModelChoiceField):
            values: list[Any] = list(_ids(field.queryset))
        else:
            values = [key for key, _ in getattr(field, "choices", [])] or [scene.hidden[0].name, "x"]
        for value in filter(None, values):
            yield "calendar:week", f"/calendar/?{urlencode({name: value})}"


def _ids(offered: Any) -> Any:
    """Of all that there are, those included that nobody is offered."""
    return offered.model._default_manager.order_by("pk").values_list("pk", flat=True)


def asked_of_the_open(scene: Scene) -> Iterator[tuple[str, str]]:
    """A move of the campaign beside it, tried out, and who is behind the parts of its forecast."""
    for send in Send.objects.filter(campaign=scene.open, state="scheduled"):
        for days in (1, 20):
            to = {"date": f"{send.due_at + timedelta(days=days):%Y-%m-%d}", "time": "09:00"}
            yield "calendar:move-send", f"/calendar/sends/{send.pk}/move/?{urlencode(to)}"
    for reason, bound in (("yielded", f"campaign:{scene.hidden[0].pk}"), ("capped", ""), ("on_hold", "")):
        part = {"channel": "email", "reason": reason, "bound": bound}
        yield "calendar:forecast", f"/calendar/campaigns/{scene.open.pk}/forecast/?{urlencode(part)}"
    for number in sends():
        yield "calendar:customer", f"/calendar/customers/{first_customer()}/?send={number}"


def asked_of_the_admin() -> Iterator[tuple[str, str]]:
    for model in ("campaigns_campaign", "campaigns_finding", "campaigns_send"):
        yield f"admin:{model}_changelist", reverse(f"admin:{model}_changelist") + f"?q={WORD}"
    for source in ("message", "send", "historyentry"):
        looked_for = {"app_label": "campaigns", "model_name": source, "field_name": "campaign", "term": WORD}
        yield "admin:autocomplete", f"/admin/autocomplete/?{urlencode(looked_for)}"
    yield "admin:search", f"/admin/search/?s={WORD}"
    for query in ("kind=duplicate", "severity=high", "axes__contains=goal", "acknowledged_reason__startswith=z", "o=1"):
        yield "admin:campaigns_finding_changelist", f"/admin/campaigns/finding/?state=all&{query}"


def searches(scene: Scene) -> Iterator[tuple[str, str]]:
    """What is asked by more than an address."""
    yield from asked_of_the_week(scene)
    for page in (f"{read_now():%G-W%V}/list", f"{read_now():%Y-%m}"):
        for asked in ({"owner": scene.owner.pk}, {"text": scene.hidden[0].name}, {"rows": "audiences"}):
            yield "calendar:list", f"/calendar/{page}/?{urlencode(asked)}"
    yield from asked_of_the_open(scene)
    yield from asked_of_the_admin()


def week_of(scene: Scene) -> str:
    """Where what is ahead stands: late on a Sunday that is the next week."""
    return reverse("calendar:week-of", args=[f"{scene.open.sends.get(state='scheduled').due_at:%G-W%V}"])


def first_customer() -> int:
    return int(Send.objects.get(state="done", campaign__is_private=True).deliveries.get().customer_id)


def walk(scene: Scene, client: Client, feeds: list[str], without: str = "$^") -> Iterator[tuple[str, str, str]]:
    """(route, address, what it says) of everything that can be looked at."""
    own = [("feed", address) for address in feeds]
    every = [*pages(), *admin_pages(), *questions(), *searches(scene), *own]
    for name, address in (each for each in every if not re.search(without, each[0])):
        response = client.get(address)
        assert response.status_code < 500, address
        said = f"{response.get('Location', '')} {response.get('ETag', '')} {response.content.decode()}"
        yield name, address, NOISE.sub("", unescape(said))


def words_in(name: str, address: str, said: str) -> list[str]:
    """What was asked for may be repeated."""
    found = sorted({word.lower() for word in re.findall(rf"(?i){WORD}\w*", OPTION.sub("", said))})
    found = [word for word in found if f"={word}" not in address]
    return [word for word in found if not (OF_THINGS.match(name) and word.removeprefix(WORD) in THINGS)]


def told_words(walked: Iterable[tuple[str, str, str]]) -> list[tuple[str, list[str]]]:
    # A segment's page says its own name again where it was not deleted: below, by itself.
    every = [each for each in walked if "audiences_segment_delete" not in each[0]]
    return [(address, words) for name, address, said in every if (words := words_in(name, address, said))]


def test_every_text_of_whatever_belongs_to_a_campaign_carries_a_word(scene: Scene) -> None:
    """A model or a field that comes later fails here, until the scene says something with it."""
    said = {
        (model.__name__, field.name): model._default_manager.filter(**{f"{field.name}__istartswith": WORD}).exists()
        for model in OF_A_CAMPAIGN
        for field in spoken_fields(model)
    }
    assert {each for each, is_said in said.items() if not is_said} == set()


@pytest.mark.parametrize("who", sorted(set(OUTSIDERS) - set(COMPARED)))
def test_invariant_11_no_word_of_a_private_campaign_is_shown_to(who: str, scene: Scene) -> None:
    client = outsiders()[who]
    assert told_words(walk(scene, client, list(feeds_of(client)))) == []


@pytest.mark.parametrize("who", COMPARED)
def test_invariant_11_no_word_is_shown_and_nothing_that_it_hides_makes_a_difference_to(who: str, scene: Scene) -> None:
    """The same busy block with another name, owner, topic, audience, goal and status: every answer is the same."""
    client = outsiders()[who]
    feeds = list(feeds_of(client))
    for address in feeds:
        client.get(address)  # notes once an hour that it was read
    before = list(walk(scene, client, feeds))
    assert told_words(before) == []
    hidden_otherwise(scene)
    said_before = {address: said for _, address, said in before}
    differ = [address for _, address, said in walk(scene, client, feeds, ANYHOW) if said != said_before[address]]
    assert differ == []


@pytest.mark.parametrize("who", INSIDERS)
def test_those_who_see_a_private_campaign_see_all_of_it(who: str, scene: Scene) -> None:
    client, dated = insiders(scene)[who], scene.hidden[0]
    everything_of_theirs, _ = feeds_of(client)
    for address in (
        week_of(scene),
        f"/calendar/campaigns/{dated.pk}/",
        f"/calendar/campaigns/{scene.open.pk}/",
        f"/calendar/customers/{first_customer()}/",
        "/admin/campaigns/campaign/",
        "/admin/campaigns/send/",
        "/admin/campaigns/finding/",
        "/admin/deliveries/delivery/",
        reverse("admin:campaigns_campaign_change", args=[dated.pk]),
        everything_of_theirs,
    ):
        response = client.get(address)
        assert (response.status_code, dated.name in response.content.decode()) == (200, True), address


@pytest.mark.parametrize("who", OUTSIDERS)
def test_a_private_campaign_is_a_404_to_whoever_may_not_see_it_and_nothing_of_it_changes(
    who: str, scene: Scene
) -> None:
    client = outsiders()[who]
    hidden = re.compile("|".join(f"/campaigns/{each.pk}/" for each in scene.hidden))
    before = everything()
    for name, address in pages():
        if hidden.search(address):
            looked, posted = client.get(address), client.post(address, {"version": "1"})
            is_signed_in = who not in ("anonymous", "a product")
            assert posted.status_code in ((404, 405) if is_signed_in else (302, 405)), (name, address)
            # From the address of a button to its page, which there is as little.
            looked = client.get(looked["Location"]) if is_signed_in and looked.status_code == 302 else looked
            assert looked.status_code == (404 if is_signed_in else 302), (name, address)
    for _, address in admin_pages():
        if re.search(rf"/admin/campaigns/campaign/({'|'.join(str(each.pk) for each in scene.hidden)})/", address):
            assert client.post(address, {"version": "1", "post": "yes"}).status_code in (302, 403), address
    assert everything() == before


def test_what_keeps_a_segment_from_being_deleted_is_not_told(client: Client, scene: Scene) -> None:
    client.force_login(make_user(team=make_team(), role="planner", is_staff=True))
    segment = scene.hidden[0].include.get()
    answer = client.get(reverse("admin:audiences_segment_delete", args=[segment.pk]), follow=True).content.decode()
    assert "because it is used by something that you may not see." in unescape(answer)
    assert "zqname" not in answer


@pytest.mark.parametrize("name", ["exclude", "merge", "move"])
def test_a_planner_does_not_settle_a_finding_in_a_way_that_says_whom_a_private_campaign_is_for(
    client: Client, scene: Scene, name: str
) -> None:
    planner = make_user(team=scene.open.team, role="planner")
    client.force_login(planner)
    before = everything()
    for finding in Finding.objects.filter(first__is_private=True, second=scene.open):
        address = reverse("calendar:settle-finding", args=[scene.open.pk, finding.pk, name])
        assert client.post(address, {"own": "1", "other": "1"}).status_code == 404
    for mend in (fixes.leave_out, fixes.take_in):
        with pytest.raises(NotAllowed):
            mend(scene.open.pk, scene.hidden[0].pk, planner, read_now())
    assert everything() == before


def test_an_item_of_the_review_about_a_private_campaign_is_a_404_to_whoever_may_not_see_it(
    client: Client, scene: Scene
) -> None:
    client.force_login(make_user(team=scene.open.team))
    before = everything()
    for item in AgendaItem.objects.filter(campaign__is_private=True):
        for step in ("decide", "take-back"):
            address = reverse(f"review:{step}", args=[item.review.week, item.pk])
            assert client.post(address, {"decision": "keep", "reason": "because"}).status_code == 404
    assert everything() == before


def test_the_week_shows_a_busy_block_with_its_time_channels_size_and_team(client: Client, scene: Scene) -> None:
    client.force_login(make_user(team=make_team()))
    Finding.objects.all().delete()
    shown = client.get(week_of(scene)).content.decode()
    (block,) = re.findall(r'<li class="card card--busy .*?</li>', shown, re.DOTALL)[-1:]
    said = " ".join(re.sub(r"<[^>]+>", " ", block).split())
    assert "A private campaign of Product" in said
    assert "40 people" in said
    assert "href" not in block.replace("<use href", "")


def test_a_finding_beside_a_private_campaign_says_how_many_and_no_more(client: Client, scene: Scene) -> None:
    client.force_login(make_user(team=make_team(), is_staff=True))
    for address in (week_of(scene), f"/calendar/campaigns/{scene.open.pk}/", "/admin/campaigns/finding/"):
        shown = client.get(address).content.decode()
        assert "a private campaign of Product" in shown, address
        assert "duplicate" not in re.sub(r"<(option|a|input|label)\b[^>]*>[^<]*", "", shown).lower(), address


def test_an_overlap_too_small_for_crowding_is_told_to_nobody_who_does_not_see_both(scene: Scene) -> None:
    """It would say that the two are about the same."""
    Finding.objects.update(shared=9)
    outsider, insider = make_user(is_staff=True), make_user(team=make_team("product"), role="viewer")
    assert seen_findings(outsider, Finding.objects.all()).filter(first__is_private=True).count() == 0
    assert seen_findings(outsider, Finding.objects.all()).filter(second__is_private=True).count() == 0
    assert seen_findings(insider, Finding.objects.all()).count() == 4


def test_a_feed_shows_a_busy_block_until_its_owner_joins_the_team(client: Client, scene: Scene) -> None:
    reader = make_user()
    client.force_login(reader)
    address = next(feeds_of(client))
    first = client.get(address)
    assert "SUMMARY:Busy: a private campaign of Product" in first.content.decode()
    make_team("product").memberships.create(user=reader, role="viewer")
    again = client.get(address, headers={"if-none-match": first["ETag"]})
    assert (again.status_code, "zqname" in again.content.decode()) == (200, True)


def test_a_feed_is_read_anew_when_a_campaign_is_made_private(client: Client, scene: Scene) -> None:
    client.force_login(make_user())
    address = next(feeds_of(client))
    tag = client.get(address)["ETag"]
    Campaign.objects.filter(pk=scene.open.pk).update(is_private=True)
    again = client.get(address, headers={"if-none-match": tag})
    assert (again.status_code, "Trial ending" in again.content.decode()) == (200, False)


def test_what_is_cancelled_of_a_private_campaign_keeps_nobody_busy(client: Client, scene: Scene) -> None:
    client.force_login(make_user())
    Send.objects.filter(campaign__is_private=True).update(state="cancelled")
    assert "private campaign" not in client.get("/calendar/?only=").content.decode().split('class="review"')[0]


def test_no_mail_to_somebody_else_says_a_word(scene: Scene, settings: Any) -> None:
    """Every task of the top floor runs, as the people of the workspace are written to by those."""
    settings.CHANNELS = {"email": "deliveries.channels.memory.MemoryChannel"}
    MemoryChannel.sent.clear()
    outsider = make_user(email="outsider@example.com", team=make_team())
    Campaign.objects.filter(pk=scene.open.pk).update(owner=outsider, status="draft")
    for campaign in (scene.open, scene.hidden[0]):
        HistoryEntry.objects.create(campaign=campaign, at=read_now(), action="pause itself", note="Zqnote")
    Campaign.objects.filter(pk=scene.hidden[0].pk).update(status="draft")
    for task in vars(tasks).values():
        if hasattr(task, "delay"):
            task()
    said = {mail.address: f"{mail.subject} {mail.text}".replace("Zqnote", "") for mail in MemoryChannel.sent}
    assert {address: WORD in text.lower() for address, text in said.items()} == {
        "outsider@example.com": False,
        "zqowner@example.com": True,
    }


def test_the_rule_and_its_form_for_sets_say_the_same(scene: Scene) -> None:
    people = [None, scene.owner, make_user(), make_user(is_superuser=True)]
    people += [make_user(team=make_team(team), role=role) for team in ("product", "success") for role in ROLES]
    Campaign.objects.filter(pk=scene.hidden[2].pk).update(owner=None)
    for user in people:
        asked = {campaign.pk for campaign in Campaign.objects.all() if can_see(user, campaign)}
        assert set(Campaign.objects.filter(seen_by(user)).values_list("pk", flat=True)) == asked
        through = Send.objects.filter(seen_by(user, "campaign")).values_list("campaign", flat=True)
        assert set(through) == asked & set(Send.objects.values_list("campaign", flat=True))


def test_a_veil_can_be_looked_at_and_not_written_down(scene: Scene) -> None:
    veil = veiled(make_user(), scene.hidden[0])
    assert (veil.is_veiled, veil.name, veil.owner, list(veil.include.all())) == (
        True,
        "a private campaign of Product",
        None,
        [],
    )
    with pytest.raises(TypeError, match="A veil"):
        veil.save()


def test_a_copy_of_a_private_campaign_is_private(scene: Scene) -> None:
    assert clone(scene.hidden[0].pk, None, read_now()).is_private


def test_for_whom_a_private_campaign_keeps_a_slot_is_told_to_its_team_alone(client: Client, scene: Scene) -> None:
    asked = f"/calendar/campaigns/{scene.open.pk}/forecast/?reason=yielded&bound=campaign:{scene.hidden[0].pk}"
    client.force_login(make_user(team=make_team()))
    assert client.get(asked).status_code == 404
    client.force_login(make_user(team=make_team("product")))
    assert client.get(asked).status_code == 200
