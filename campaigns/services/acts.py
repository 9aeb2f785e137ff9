"""What each decision of a review does to the plan, through the services that do it anywhere else; and how it is undone.

The words are for the minutes. They name no campaign, so that they can be shown to whoever may not know of one.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from django.contrib.auth.models import User

from campaigns.models import AgendaItem, Campaign, Decision, Send
from campaigns.queries.campaigns import workspace_zone
from campaigns.refusals import NotAllowed
from campaigns.services import fixes, handoffs, overlaps, retiring, sends

KEPT = "Both stay. The finding is settled until one of the two changes."
VOIDED = " Its approval is void: it has to be asked for again."


class Asked(Protocol):
    """What an act is told: `decisions.Answer`."""

    @property
    def reason(self) -> str: ...
    @property
    def learnt(self) -> str: ...
    @property
    def moment(self) -> datetime | None: ...
    @property
    def to_id(self) -> int | None: ...


@dataclass(frozen=True)
class Acted:
    """What was done, in words, and what taking it back has to know."""

    did: str
    undo: dict[str, Any] = field(default_factory=dict)


Act = Callable[[AgendaItem, Campaign | None, Asked, User | None, datetime], Acted]
Undo = Callable[[AgendaItem, Decision, User | None, datetime], None]


def _keep(item: AgendaItem, campaign: Campaign | None, asked: Asked, by: User | None, now: datetime) -> Acted:
    if item.finding is None:
        return Acted("Stays as it is planned.")
    overlaps.acknowledge(item.finding.pk, by, asked.reason, now)
    return Acted(KEPT, {"acknowledged_at": now.isoformat()})


def _keep_no_more(item: AgendaItem, decision: Decision, by: User | None, now: datetime) -> None:
    if item.finding is not None:
        overlaps.reopen(item.finding.pk, datetime.fromisoformat(decision.undo["acknowledged_at"]), by)


def _move(item: AgendaItem, campaign: Campaign | None, asked: Asked, by: User | None, now: datetime) -> Acted:
    send = item.send if campaign and campaign.pk == item.campaign_id else item.other_send
    if send is None or asked.moment is None:
        raise NotAllowed("Say to which day and hour it is moved.")
    before, was_asked = _wall(send), _has_approval(campaign)
    moved = sends.move(send.pk, asked.moment, by, now, send.sequence)
    did = f"Moved from {_words(before, send)} to {_words(asked.moment, send)}." + (VOIDED if was_asked else "")
    return Acted(did, {"send": send.pk, "back": before.isoformat(), "sequence": moved.sequence})


def _move_back(item: AgendaItem, decision: Decision, by: User | None, now: datetime) -> None:
    undo = decision.undo
    sends.move(undo["send"], datetime.fromisoformat(undo["back"]), by, now, undo["sequence"])


def _exclude(item: AgendaItem, campaign: Campaign | None, asked: Asked, by: User | None, now: datetime) -> Acted:
    campaign, other = _both(item, campaign)
    was_asked = _has_approval(campaign)
    mended = fixes.leave_out(campaign.pk, other.pk, by, now)
    did = f"Leaves out the other’s audience: {mended.before:,} people before, {mended.after:,} now."
    return Acted(did + (VOIDED if was_asked else ""), {"added": mended.added, "version": mended.version})


def _let_back_in(item: AgendaItem, decision: Decision, by: User | None, now: datetime) -> None:
    assert decision.campaign_id is not None  # noqa: S101 - an exclusion is done to one of the two
    fixes.let_back_in(decision.campaign_id, decision.undo["added"], decision.undo["version"], by, now)


def _merge(item: AgendaItem, campaign: Campaign | None, asked: Asked, by: User | None, now: datetime) -> Acted:
    campaign, other = _both(item, campaign)
    was_asked = _has_approval(campaign)
    mended = fixes.take_in(campaign.pk, other.pk, by, now, note=asked.reason)
    did = f"Takes in the other’s people: {mended.before:,} before, {mended.after:,} now. The other one is stopped."
    return Acted(did + (VOIDED if was_asked else ""))


def _stop(item: AgendaItem, campaign: Campaign | None, asked: Asked, by: User | None, now: datetime) -> Acted:
    assert campaign is not None  # noqa: S101 - stopping is done to one of them
    retiring.retire(campaign.pk, asked.reason, asked.learnt, by, now)
    return Acted("Stopped for good." + (f" Learnt: {asked.learnt.strip()}" if asked.learnt.strip() else ""))


def _hand_over(item: AgendaItem, campaign: Campaign | None, asked: Asked, by: User | None, now: datetime) -> Acted:
    assert campaign is not None  # noqa: S101 - handing over is done to one of them
    handoff = handoffs.offer(campaign.pk, asked.to_id, by, now, note=asked.reason)
    name = handoff.to.get_full_name() or handoff.to.get_username()
    return Acted(
        f"Offered to {name}, who has to accept it.", {"handoff": handoff.pk} if handoff.offered_at == now else {}
    )


def _withdraw(item: AgendaItem, decision: Decision, by: User | None, now: datetime) -> None:
    if "handoff" in decision.undo:  # else it had been offered to them before
        handoffs.withdraw(decision.undo["handoff"], by, now)


def _both(item: AgendaItem, campaign: Campaign | None) -> tuple[Campaign, Campaign]:
    assert campaign is not None and item.other is not None  # noqa: S101, PT018 - offered on findings alone
    return campaign, item.campaign if campaign.pk == item.other_id else item.other


def _has_approval(campaign: Campaign | None) -> bool:
    return campaign is not None and (campaign.is_approved or campaign.status == Campaign.Status.IN_REVIEW)


def _wall(send: Send) -> datetime:
    """The clock on the wall, naive: each customer's own or the workspace's."""
    if send.local_due:
        return datetime.fromisoformat(send.local_due)
    return send.due_at.astimezone(workspace_zone()).replace(tzinfo=None)


def _words(moment: datetime, send: Send) -> str:
    return f"{moment:%a} {moment.day} {moment:%b %H:%M}" + (" local" if send.local_due else "")


ACTS: dict[str, Act] = {
    Decision.Kind.KEEP: _keep,
    Decision.Kind.MOVE: _move,
    Decision.Kind.EXCLUDE: _exclude,
    Decision.Kind.MERGE: _merge,
    Decision.Kind.STOP: _stop,
    Decision.Kind.HAND_OVER: _hand_over,
}
UNDO: dict[str, Undo] = {
    Decision.Kind.KEEP: _keep_no_more,
    Decision.Kind.MOVE: _move_back,
    Decision.Kind.EXCLUDE: _let_back_in,
    Decision.Kind.HAND_OVER: _withdraw,
}
