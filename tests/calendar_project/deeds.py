"""What is done by POST where it can be done: a scene in which the right person may, what they post, and who that is."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import User
from django.core import signing

from audiences.clock import read_now
from campaigns.models import Campaign, Decision, Finding, Handoff, Review, SavedView, Send
from campaigns.plan import SECTIONS
from campaigns.queries.approvals import section_digests
from campaigns.queries.standing import standing, standing_of_all
from campaigns.services.feeds import create_feed
from campaigns.services.keeping import keep_low
from campaigns.services.versions import record_version
from tests.builders import (
    make_campaign,
    make_customers,
    make_item,
    make_review,
    make_segment,
    make_send,
    make_team,
    make_user,
    make_version,
)
from tests.calendar_project.admin_rows import ROWS
from tests.calendar_project.routes import ADMINS, APPROVERS, NO_ONE, OF_A_TEAM, OF_THE_TEAM, SIGNED_IN
from tests.campaigns.meetings import low_one

APPROVERS_OF_THE_TEAM = frozenset({"approver of the team"}) | ADMINS
ELSEWHERE = "elsewhere"
# The parameters of the route, and what is posted. Nobody has signed in where there is no user.
Scene = Callable[[User | None], tuple[dict[str, Any], dict[str, Any]]]


@dataclass(frozen=True)
class Deed:
    """`does` tells the deeds of one route apart; `by`: for whom it has an effect."""

    route: str
    does: str
    by: frozenset[str]
    scene: Scene

    def __str__(self) -> str:
        return f"{self.route}: {self.does}"


def planned(status: str = "draft", **fields: Any) -> Campaign:
    """A campaign of the team with one version, which goes out in three days."""
    start = {"start_date": (read_now() + timedelta(days=3)).date()}
    campaign = make_campaign([make_segment(make_customers(2))], **{**start, **fields})
    version = make_version(campaign)
    is_approved = status in ("approved", "running", "paused")
    Campaign.objects.filter(pk=campaign.pk).update(status=status, approved_version=version if is_approved else None)
    campaign.refresh_from_db()
    return campaign


def scheduled(campaign: Campaign) -> Send:
    return make_send(campaign, read_now() + timedelta(days=3))


def moved(status: str, name: str, **fields: Any) -> Scene:
    def scene(me: User | None) -> tuple[dict[str, Any], dict[str, Any]]:
        return {"campaign_id": planned(status, **fields).pk, "name": name}, {"version": "1"}

    return scene


def moved_in_the_admin(status: str, name: str, **fields: Any) -> Scene:
    def scene(me: User | None) -> tuple[dict[str, Any], dict[str, Any]]:
        asked, body = moved(status, name, **fields)(me)
        return {"pk": asked["campaign_id"], "name": name}, {**body, "note": "because"}

    return scene


def judged(section: str) -> Scene:
    """A section as it was read."""

    def scene(me: User | None) -> tuple[dict[str, Any], dict[str, Any]]:
        campaign = planned("in_review")
        digest = section_digests(campaign.versions.get())[section]
        return {"campaign_id": campaign.pk, "section": section}, {"version": "1", "digest": digest, "note": "because"}

    return scene


def send_moved(me: User | None) -> tuple[dict[str, Any], dict[str, Any]]:
    send = scheduled(planned())
    to = read_now() + timedelta(days=4)
    return {"send_id": send.pk}, {"date": f"{to:%Y-%m-%d}", "time": "09:00", "sequence": send.sequence}


# --- Findings -----------------------------------------------------------------------------------------------------
def settled(name: str, team: str = "lifecycle") -> Scene:
    """One between a campaign of the team and one of `team`, settled on the first's page."""

    def scene(me: User | None) -> tuple[dict[str, Any], dict[str, Any]]:
        own, other = planned(), planned(team=make_team(team))
        finding: Any = ROWS["campaigns.Finding"]()
        now, send = read_now(), scheduled(own)
        state = {"state": "acknowledged", "acknowledged_at": now} if name == "reopen" else {}
        Finding.objects.filter(pk=finding.pk).update(first=own, second=other, **state)
        body: dict[str, Any] = {"note": "because", "own": "1", "other": "1", "at": now.isoformat()}
        body |= {"send": send.pk, "sequence": send.sequence, "to": f"{now + timedelta(days=4):%Y-%m-%dT09:00}"}
        return {"campaign_id": own.pk, "finding_id": finding.pk, "name": name}, body

    return scene


def let_in_again(me: User | None) -> tuple[dict[str, Any], dict[str, Any]]:
    """What “Undo” sends after the other's audience was left out."""
    asked, _ = settled("let-in", ELSEWHERE)(me)
    campaign, left_out = Campaign.objects.get(pk=asked["campaign_id"]), make_segment(make_customers(1))
    campaign.exclude.add(left_out)
    version = record_version(campaign.pk, None, read_now()).number
    return asked, {"undo": signing.dumps([[left_out.pk], version], salt=f"campaigns.let-in.{campaign.pk}")}


# --- Handoffs -----------------------------------------------------------------------------------------------------
def handed(step: str, to_me: bool = False, mine: bool = False) -> Scene:
    """`to_me`: it is me to whom it is offered; `mine`: it is my campaign."""

    def scene(me: User | None) -> tuple[dict[str, Any], dict[str, Any]]:
        colleague = make_user(team=make_team(), role="planner")
        campaign = planned(owner=me if mine else None)
        if step in ("accept", "decline", "withdraw"):
            to = (me if to_me else None) or colleague
            Handoff.objects.create(campaign=campaign, owner=campaign.owner, to=to, offered_at=read_now())
        return {"campaign_id": campaign.pk, "step": step}, {"to": colleague.pk, "note": "because"}

    return scene


# --- The review ---------------------------------------------------------------------------------------------------
def decided(kind: str) -> Scene:
    def scene(me: User | None) -> tuple[dict[str, Any], dict[str, Any]]:
        item = _item()
        body = {"decision": kind, "reason": "because", "seen": standing(item)}
        if kind == "hand_over":
            body["to"] = str(make_user(team=make_team(), role="planner").pk)
        return {"address": item.review.week, "item_id": item.pk}, body

    return scene


def taken_back(me: User | None) -> tuple[dict[str, Any], dict[str, Any]]:
    item = _item()
    decision = Decision.objects.create(item=item, kind="keep", campaign=item.campaign, at=read_now())
    return {"address": item.review.week, "item_id": item.pk}, {"decision": decision.pk}


def low_kept(me: User | None) -> tuple[dict[str, Any], dict[str, Any]]:
    item = low_one(_review())
    return {"address": item.review.week}, {"reason": "because", "seen": standing_of_all([item])}


def low_taken_back(me: User | None) -> tuple[dict[str, Any], dict[str, Any]]:
    asked, body = low_kept(me)
    item = _review().items.latest("pk")
    keep_low(item.review_id, body["seen"], "because", make_user(is_superuser=True), read_now(), carried=False)
    return asked, {"together": item.decisions.get().undo["together"]}


def unopened(me: User | None) -> tuple[dict[str, Any], dict[str, Any]]:
    """One review at a time, and of no week that is over."""
    Review.objects.filter(state=Review.State.OPEN).update(state=Review.State.CLOSED, closed_at=read_now())
    return {"address": f"{read_now() + timedelta(days=7):%G-W%V}"}, {}


def _item() -> Any:
    return make_item(_review(), planned())


def _review() -> Review:
    return Review.objects.filter(state=Review.State.OPEN).first() or make_review(f"{read_now():%G-W%V}")


# --- One's own things ---------------------------------------------------------------------------------------------
def own_view(me: User | None) -> tuple[dict[str, Any], dict[str, Any]]:
    return {"view_id": SavedView.objects.create(owner=me or make_user(), name="Mine").pk}, {"name": "Still mine"}


def own_feed(me: User | None) -> tuple[dict[str, Any], dict[str, Any]]:
    feed, _ = create_feed(me or make_user(), None, "Mine")
    return {"pk": feed.pk}, {}


def own_password(me: User | None) -> tuple[dict[str, Any], dict[str, Any]]:
    return {}, {"old_password": "a long password", **_new_password()}


def password_of_another(me: User | None) -> tuple[dict[str, Any], dict[str, Any]]:
    return {"id": make_user().pk}, {**_new_password(), "usable_password": "true"}


def _new_password() -> dict[str, str]:
    return dict.fromkeys(("password1", "password2", "new_password1", "new_password2"), "quite another one 7")


DEEDS = (
    Deed("calendar:move-campaign", "ask", OF_THE_TEAM, moved("draft", "ask")),
    Deed("calendar:move-campaign", "approve", APPROVERS_OF_THE_TEAM, moved("in_review", "approve")),
    Deed("calendar:move-campaign", "decline", APPROVERS_OF_THE_TEAM, moved("in_review", "decline")),
    Deed("calendar:move-campaign", "pause", OF_THE_TEAM, moved("running", "pause")),
    Deed("calendar:move-campaign", "resume", OF_THE_TEAM, moved("paused", "resume")),
    Deed("calendar:move-campaign", "cancel", OF_THE_TEAM, moved("running", "cancel")),
    *(
        Deed(f"calendar:{step}-section", section, APPROVERS_OF_THE_TEAM, judged(section))
        for step in ("approve", "decline")
        for section in SECTIONS
    ),
    Deed("calendar:move-send", "to the next day", OF_THE_TEAM, send_moved),
    # Either team may leave a finding as it is; a campaign is changed by its own, and merged by who may plan both.
    Deed("calendar:settle-finding", "acknowledge", OF_A_TEAM, settled("acknowledge", ELSEWHERE)),
    Deed("calendar:settle-finding", "reopen", OF_A_TEAM, settled("reopen", ELSEWHERE)),
    Deed("calendar:settle-finding", "move", OF_THE_TEAM, settled("move", ELSEWHERE)),
    Deed("calendar:settle-finding", "exclude", OF_THE_TEAM, settled("exclude", ELSEWHERE)),
    Deed("calendar:settle-finding", "let-in", OF_THE_TEAM, let_in_again),
    Deed("calendar:settle-finding", "merge", OF_THE_TEAM, settled("merge")),
    Deed("calendar:settle-finding", "merge another team's", ADMINS, settled("merge", ELSEWHERE)),
    Deed("calendar:handoff", "take what is nobody's", OF_THE_TEAM, handed("take")),
    Deed("calendar:handoff", "offer", APPROVERS_OF_THE_TEAM, handed("offer")),
    Deed("calendar:handoff", "offer one's own", SIGNED_IN, handed("offer", mine=True)),
    Deed("calendar:handoff", "accept", OF_THE_TEAM, handed("accept", to_me=True)),
    Deed("calendar:handoff", "accept for another", NO_ONE, handed("accept")),
    Deed("calendar:handoff", "decline", SIGNED_IN, handed("decline", to_me=True)),
    Deed("calendar:handoff", "decline for another", NO_ONE, handed("decline")),
    Deed("calendar:handoff", "withdraw", APPROVERS_OF_THE_TEAM, handed("withdraw")),
    Deed("review:decide", "keep", OF_THE_TEAM, decided("keep")),
    Deed("review:decide", "stop", OF_THE_TEAM, decided("stop")),
    Deed("review:decide", "hand over", APPROVERS_OF_THE_TEAM, decided("hand_over")),
    Deed("review:open", "the next week's", APPROVERS, unopened),
    Deed("review:take-back", "keep", OF_THE_TEAM, taken_back),
    Deed("review:keep-low", "all of them", OF_THE_TEAM, low_kept),
    Deed("review:take-back-low", "all of them", OF_THE_TEAM, low_taken_back),
    Deed("calendar:change-view", "one's own", SIGNED_IN, own_view),
    Deed("calendar:delete-view", "one's own", SIGNED_IN, own_view),
    Deed("admin:campaigns_campaign_move", "ask", OF_THE_TEAM, moved_in_the_admin("draft", "ask")),
    Deed("admin:campaigns_campaign_move", "approve", APPROVERS_OF_THE_TEAM, moved_in_the_admin("in_review", "approve")),
    Deed("admin:campaigns_campaign_move", "decline", APPROVERS_OF_THE_TEAM, moved_in_the_admin("in_review", "decline")),
    Deed("admin:campaigns_campaign_move", "pause", OF_THE_TEAM, moved_in_the_admin("running", "pause")),
    Deed("admin:campaigns_campaign_move", "resume", OF_THE_TEAM, moved_in_the_admin("paused", "resume")),
    Deed("admin:campaigns_campaign_move", "cancel", OF_THE_TEAM, moved_in_the_admin("running", "cancel")),
    Deed("admin:campaigns_campaign_move", "clone", OF_THE_TEAM, moved_in_the_admin("done", "clone")),
    Deed("admin:campaigns_campaign_move", "keep", OF_THE_TEAM, moved_in_the_admin("draft", "keep")),
    Deed("admin:campaigns_campaign_move", "start", OF_THE_TEAM, moved_in_the_admin("draft", "start", is_template=True)),
    Deed("admin:campaigns_feed_revoke", "one's own", SIGNED_IN, own_feed),
    Deed("admin:password_change", "one's own", SIGNED_IN, own_password),
    Deed("admin:auth_user_password_change", "another's", ADMINS, password_of_another),
)
