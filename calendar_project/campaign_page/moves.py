"""The buttons of the campaign page: which there are for whom, and what each does. By POST alone."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from campaigns import lifecycle as life
from campaigns.models import Campaign
from campaigns.queries.authors import is_barred
from campaigns.rights import can_approve, can_plan
from campaigns.services import lifecycle
from campaigns.services.retiring import retire

Run = Callable[[Campaign, Any, "Answer", datetime], None]


@dataclass(frozen=True)
class Answer:
    """What came with the button: the version that was on the page, a word of why, and what was learnt."""

    version: int
    note: str
    learnt: str = ""


@dataclass(frozen=True)
class Move:
    """`name` is a row of `lifecycle.MOVES`; `done` is said afterwards; `asks` labels a field for a note."""

    name: str
    label: str
    done: str
    right: Callable[[Any, Any], bool]
    run: Run
    asks: str = ""
    look: str = ""


def _ask(campaign: Campaign, by: Any, answer: Answer, now: datetime) -> None:
    lifecycle.ask_for_approval(campaign.pk, by, now)


def _approve(campaign: Campaign, by: Any, answer: Answer, now: datetime) -> None:
    lifecycle.approve(campaign.pk, answer.version, by, now)


def _decline(campaign: Campaign, by: Any, answer: Answer, now: datetime) -> None:
    lifecycle.decline(campaign.pk, by, now, note=answer.note)


def _pause(campaign: Campaign, by: Any, answer: Answer, now: datetime) -> None:
    lifecycle.pause(campaign.pk, by, now)


def _resume(campaign: Campaign, by: Any, answer: Answer, now: datetime) -> None:
    lifecycle.resume(campaign.pk, by, now)


def _cancel(campaign: Campaign, by: Any, answer: Answer, now: datetime) -> None:
    retire(campaign.pk, answer.note, answer.learnt, by, now)


MOVES = {
    move.name: move
    for move in (
        Move("ask", "Ask for approval", "Asked for approval.", can_plan, _ask, look="main"),
        Move("approve", "Approve", "Approved.", can_approve, _approve, look="main"),
        Move("decline", "Decline", "Declined: it is a draft again.", can_approve, _decline, asks="What should change?"),
        Move("pause", "Pause", "Paused: nothing more leaves.", can_plan, _pause),
        Move("resume", "Resume", "Resumed.", can_plan, _resume, look="main"),
        Move("cancel", "Cancel", "Cancelled for good.", can_plan, _cancel, asks="Why is it stopped?", look="bad"),
    )
}


def moves_for(user: Any, campaign: Campaign) -> list[Move]:
    """The buttons that this person has at this moment."""
    if campaign.is_template:
        return []
    moves = [
        move for move in MOVES.values() if life.may(move.name, campaign.status) and move.right(user, campaign.team)
    ]
    return [move for move in moves if move.name != "approve" or not is_barred(user, campaign)]


def waits_for_others(user: Any, campaign: Campaign) -> bool:
    """Whether this person could approve it, had they not written it or asked: the page says why there is no button."""
    return life.may("approve", campaign.status) and can_approve(user, campaign.team) and is_barred(user, campaign)


def is_done_already(move: Move, campaign: Campaign) -> bool:
    """Whether the campaign stands where the button would have brought it: a second click, which is no mistake."""
    return campaign.status == life.target(move.name)
