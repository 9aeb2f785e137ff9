"""Decisions of a review: each acts on the plan at once, and is recorded with who, when, why and what it did."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction

from campaigns.models import AgendaItem, Campaign, Decision, Finding, Send
from campaigns.offers import Offers, offers
from campaigns.queries.standing import standing
from campaigns.refusals import NotAllowed, StaleChange
from campaigns.rights import can_plan
from campaigns.services import acts
from campaigns.services.fixes import side_of
from campaigns.services.reviews import lock_open_review
from campaigns.services.versions import lock_campaign


@dataclass(frozen=True)
class Answer:
    """What somebody decided. `seen` is the standing of the item as the page showed it."""

    kind: str
    reason: str
    seen: str
    campaign_id: int | None = None
    moment: datetime | None = None  # naive: the clock on the wall, in the campaign's own sense of zone
    to_id: int | None = None
    learnt: str = ""


def decide(item_id: int, answer: Answer, by: User | None, now: datetime) -> Decision:
    """Do it, and record it. Refused where the review is closed, the item decided, or the plan another than was seen."""
    with transaction.atomic():
        item = _lock(item_id)
        _require_undecided(item)
        if answer.seen != standing(item):
            raise StaleChange("The plan has changed since this page was made: look at the item again, then decide.")
        if not answer.reason.strip():
            raise NotAllowed("Say why: the others read it in the minutes.")
        campaign = _chosen(item, answer)
        _require_right(item, campaign, by)
        acted = acts.ACTS[answer.kind](item, campaign, answer, by, now)
        return Decision.objects.create(
            item=item,
            kind=answer.kind,
            campaign=campaign,
            reason=answer.reason.strip()[:500],
            did=acted.did[:500],
            undo=acted.undo,
            by=by,
            at=now,
        )


def take_back(item_id: int, by: User | None, now: datetime, decision_id: int | None = None) -> bool:
    """Undo the decision on an item and what it did. False if there is none (any more); `decision_id`: the one that was
    seen, and no other."""
    with transaction.atomic():
        item = _lock(item_id)
        decision = item.decisions.filter(taken_back_at=None).select_related("campaign__team").first()
        if decision is None:
            return False
        _require_right(item, decision.campaign, by)
        if decision_id not in (None, decision.pk):
            raise StaleChange("It has been decided otherwise since this page was made: look at the item again.")
        if decision.is_final:
            raise NotAllowed("It stopped a campaign, and that is for good: copy the campaign to plan it again.")
        acts.UNDO[decision.kind](item, decision, by, now)
        Decision.objects.filter(pk=decision.pk).update(taken_back_at=now, taken_back_by=by)
        return True


def offers_of(item: AgendaItem) -> Offers:
    """What can be decided on it now, whoever asks."""
    sides = [side_of(campaign, moves=_moves(send)) for campaign, send in sides_of(item)]
    is_duplicate = item.finding is not None and item.finding.kind == Finding.Kind.DUPLICATE
    if item.finding is not None and item.finding.state != Finding.State.OPEN:
        return {}
    return offers(sides, is_duplicate=is_duplicate)


def sides_of(item: AgendaItem) -> Iterable[tuple[Campaign, Send | None]]:
    """Its campaigns, each with the send that is on the agenda."""
    yield item.campaign, item.send
    if item.other is not None:
        yield item.other, item.other_send


def _moves(send: Send | None) -> bool:
    return send is not None and send.state == Send.State.SCHEDULED and not send.campaign.is_continuous


def _lock(item_id: int) -> AgendaItem:
    """The review, then the campaigns in the order of their ids; what is read of them after that stays so."""
    unlocked = AgendaItem.objects.get(pk=item_id)
    lock_open_review(unlocked.review_id)
    for campaign_id in sorted(filter(None, (unlocked.campaign_id, unlocked.other_id))):
        lock_campaign(campaign_id)
    related = ("review", "campaign__team", "other__team", "send__campaign", "other_send__campaign", "finding")
    return AgendaItem.objects.select_related(*related).get(pk=item_id)


def _require_undecided(item: AgendaItem) -> None:
    decision = item.decisions.filter(taken_back_at=None).select_related("by").first()
    if decision is not None:
        who = (decision.by.get_full_name() or decision.by.get_username()) if decision.by else "Almanac"
        raise StaleChange(f"{who} has decided this already: {decision.get_kind_display().lower()}.")


def _chosen(item: AgendaItem, answer: Answer) -> Campaign | None:
    """The campaign that it is done to; asked for where there are two. None to keep, which is done to neither."""
    offered = offers_of(item)
    if answer.kind not in offered:
        raise NotAllowed("That cannot be decided here as things stand: choose another.")
    ids = offered[answer.kind]
    if not ids:
        return None if item.other is not None else item.campaign
    wanted = answer.campaign_id if answer.campaign_id is not None or len(ids) > 1 else ids[0]
    campaign = next((each for each, _ in sides_of(item) if each.pk == wanted), None)
    if campaign is None:
        raise NotAllowed("Say which of the two campaigns it is done to.")
    if wanted not in ids:
        raise NotAllowed("That can be done to the other one alone: choose it, or decide otherwise.")
    return campaign


def _require_right(item: AgendaItem, campaign: Campaign | None, by: User | None) -> None:
    teams = {each.team for each, _ in sides_of(item)} if campaign is None else {campaign.team}
    if not any(can_plan(by, team) for team in teams):
        names = " or ".join(sorted(str(team) for team in teams))
        raise NotAllowed(f"Only those who plan for {names} can decide this.")
