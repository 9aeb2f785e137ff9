"""What can be done to a campaign with a button: each asks first, on a page of its own, and is done by POST alone."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from campaigns import lifecycle as moves
from campaigns.models import Campaign
from campaigns.queries.authors import is_barred
from campaigns.rights import can_approve, can_plan
from campaigns.services import lifecycle
from campaigns.services.cloning import clone, start_from_template

Run = Callable[[Campaign, Any, "Answer", datetime], Campaign | None]
Right = Callable[[Any, Any], bool]


@dataclass(frozen=True)
class Answer:
    """What the page that asked was told: a note, and the version that it showed."""

    note: str
    version: int


@dataclass(frozen=True)
class Move:
    """`action` names a row of `lifecycle.MOVES`; empty: allowed in every status. `run` gives a new campaign or None."""

    name: str
    action: str
    label: str
    says: str
    done: str
    right: Right
    run: Run
    note: str = ""
    variant: str = "default"
    of_templates: bool = False  # whether it is done to templates, and to them alone

    @property
    def confirm_variant(self) -> str:
        return "danger" if self.variant == "danger" else "primary"

    def may(self, user: Any, campaign: Campaign) -> bool:
        if self.of_templates != campaign.is_template:
            return False
        if self.action and not moves.may(self.action, campaign.status):
            return False
        return self.right(user, campaign.team) and not (self.action == "approve" and is_barred(user, campaign))


def _ask(campaign: Campaign, by: Any, answer: Answer, now: datetime) -> None:
    lifecycle.ask_for_approval(campaign.pk, by, now)


def _approve(campaign: Campaign, by: Any, answer: Answer, now: datetime) -> None:
    lifecycle.approve(campaign.pk, answer.version, by, now)


def _decline(campaign: Campaign, by: Any, answer: Answer, now: datetime) -> None:
    lifecycle.decline(campaign.pk, by, now, answer.note)


def _pause(campaign: Campaign, by: Any, answer: Answer, now: datetime) -> None:
    lifecycle.pause(campaign.pk, by, now)


def _resume(campaign: Campaign, by: Any, answer: Answer, now: datetime) -> None:
    lifecycle.resume(campaign.pk, by, now)


def _cancel(campaign: Campaign, by: Any, answer: Answer, now: datetime) -> None:
    lifecycle.cancel(campaign.pk, by, now)


def _start(campaign: Campaign, by: Any, answer: Answer, now: datetime) -> Campaign:
    return start_from_template(campaign.pk, by, now)


def _clone(campaign: Campaign, by: Any, answer: Answer, now: datetime) -> Campaign:
    return clone(campaign.pk, by, now)


def _keep_as_template(campaign: Campaign, by: Any, answer: Answer, now: datetime) -> Campaign:
    return clone(campaign.pk, by, now, as_template=True)


MOVES = (
    Move(
        "ask", "ask", "Ask for approval",
        "An approver of the team is asked to look at this version. Editing it afterwards makes it a draft again.",
        "Asked for approval.", can_plan, _ask, variant="primary",
    ),
    Move(
        "approve", "approve", "Approve",
        "Every section that is open is approved with it, and from now on this version goes out at its hour, without "
        "another question. Section by section it is approved on its page in the calendar.",
        "Approved. It goes out as planned.", can_approve, _approve, variant="primary",
    ),
    Move(
        "decline", "decline", "Decline",
        "It goes back to being a draft; your reason is kept with it.",
        "Declined: it is a draft again.", can_approve, _decline, note="What has to change?",
    ),
    Move(
        "resume", "resume", "Resume",
        "It goes on where it stopped. Nobody gets anything twice; what is too late by now does not go out.",
        "Resumed.", can_plan, _resume, variant="primary",
    ),
    Move(
        "pause", "pause", "Pause",
        "Nothing more leaves until it is resumed. Messages already handed to a channel cannot be called back.",
        "Paused: nothing more leaves.", can_plan, _pause,
    ),
    Move(
        "start", "", "Start a campaign from it",
        "You get a draft that says what the template says. The template stays as it is.",
        "Started. This is the new campaign.", can_plan, _start, variant="primary", of_templates=True,
    ),
    Move(
        "clone", "", "Make a copy",
        "You get a draft with the same audience, content, schedule and goal.",
        "Copied. This is the copy.", can_plan, _clone,
    ),
    Move(
        "keep", "", "Keep as a template",
        "A copy is kept as a start for other campaigns. A template never goes out itself.",
        "Kept. This is the template.", can_plan, _keep_as_template,
    ),
    Move(
        "cancel", "cancel", "Cancel the campaign",
        "It stops for good: what has not left is never sent. It cannot be started again, only copied.",
        "Cancelled: nothing more leaves.", can_plan, _cancel, variant="danger",
    ),
)  # fmt: skip
BY_NAME = {move.name: move for move in MOVES}


def moves_for(user: Any, campaign: Campaign) -> list[Move]:
    return [move for move in MOVES if move.may(user, campaign)]
