"""One send as a card of the week: what it says, in the words and numbers that the page shows."""

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from django.template.loader import render_to_string
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import capfirst

from campaigns.models import Campaign, Send
from deliveries.models import Delivery

State = Delivery.State
OVER = (Send.State.CANCELLED, Send.State.MISSED)
# What a card is called by the state of its send; a scheduled one goes by the status of its campaign.
SEND_WORDS = {
    Send.State.ADMITTING: ("sending", "Being admitted"),
    Send.State.SENDING: ("sending", "Sending"),
    Send.State.PAUSED: ("paused", "Paused"),
    Send.State.DONE: ("done", "Sent"),
    Send.State.CANCELLED: ("over", "Cancelled"),
    Send.State.MISSED: ("over", "Missed"),
}
CAMPAIGN_WORDS = {
    Campaign.Status.DRAFT: ("draft", "Draft"),
    Campaign.Status.IN_REVIEW: ("review", "In review"),
    Campaign.Status.PAUSED: ("paused", "Paused"),
    Campaign.Status.CANCELLED: ("over", "Cancelled"),
}


@dataclass(frozen=True)
class Progress:
    """How far the messages of a send have come. `settled`: those that came to any end, well or badly."""

    admitted: int
    sent: int
    settled: int
    not_confirmed: int
    failed: int

    @property
    def percent(self) -> str:
        return str(round(100 * self.settled / self.admitted)) if self.admitted else "0"

    @property
    def is_over(self) -> bool:
        return self.settled == self.admitted


@dataclass(frozen=True)
class Card:
    """A send as the page shows it. `look` is a CSS class, `words` is what a person reads."""

    send: Send
    day: date
    clock: str
    is_local: bool
    look: str
    words: str
    name: str
    address: str
    segments: str
    people: int
    owner: str
    goal: str
    findings: int
    messages: int
    capped: int
    progress: Progress | None
    move_address: str = ""  # where whoever looks at it may move it
    # It stands in another row before: for two channels, or two segments.
    is_again: bool = False

    @property
    def campaign(self) -> Campaign:
        return self.send.campaign

    @property
    def is_veiled(self) -> bool:
        """A busy block: of a private campaign that this person may not see."""
        return self.campaign.is_veiled

    @property
    def hooks(self) -> SafeString:
        """The attributes by which addresses and scripts find it, wherever it is shown; an id stands once in a page."""
        return SafeString("") if self.is_again else format_html(' id="send-{}"', str(self.send.pk))

    @property
    def team(self) -> str:
        """As a part of a class, without the thousands separators that people read."""
        return str(self.campaign.team_id)

    @property
    def moment(self) -> str:
        return f"{self.day}T{self.clock}"

    @property
    def icons(self) -> SafeString:
        return channel_icons(tuple(self.campaign.channels))

    @property
    def is_approved(self) -> bool:
        return self.look not in ("draft", "review")

    @property
    def is_to_approve(self) -> bool:
        """A dated send that nobody has approved yet."""
        return self.counts and not self.campaign.is_continuous and not self.is_approved

    @property
    def shows_status(self) -> bool:
        """Approved is the quiet default, and numbers say that it went out."""
        return self.look not in ("approved", "busy", "done") or (self.look == "done" and not self.progress)

    @property
    def counts(self) -> bool:
        """Whether it is part of the week's load: not when it was cancelled or missed."""
        return self.look != "over"


def card(
    send: Send, zone: ZoneInfo, address: str, segments: str, states: Counter[str], capped: int, findings: int
) -> Card:
    """`address`: of its campaign's page, where it can be opened; `segments`: the names of those whom it is for."""
    wall = wall_clock(send, zone)
    look, words = status_words(send)
    return Card(
        send=send,
        day=wall.date(),
        clock=f"{wall:%H:%M}",
        is_local=bool(send.local_due),
        look=look,
        words=words,
        name=capfirst(send.campaign.name) if send.campaign.is_veiled else send.campaign.name,
        address=address,
        segments=segments,
        people=send.audience_size or send.expected_volume,
        owner=first_name(send.campaign),
        goal=goal_words(send.campaign),
        findings=findings,
        messages=sum(states.values()) if states else expected_messages(send),
        capped=capped,
        progress=progress(states),
    )


def wall_clock(send: Send, zone: ZoneInfo) -> datetime:
    """What the clock on the wall says: each customer's own where it is local, the workspace's otherwise."""
    if send.local_due:
        return datetime.fromisoformat(send.local_due)
    return send.due_at.astimezone(zone)


def status_words(send: Send) -> tuple[str, str]:
    """The class and the word of a send's status; approved is the quiet default."""
    if send.campaign.is_veiled:
        return "busy", "Private"
    if send.state in SEND_WORDS:
        look, words = SEND_WORDS[Send.State(send.state)]
        return look, f"{words}: {send.reason}" if send.state == Send.State.MISSED and send.reason else words
    return CAMPAIGN_WORDS.get(Campaign.Status(send.campaign.status), ("approved", "Approved"))


def expected_messages(send: Send) -> int:
    """People times channels: an upper bound, before caps and consent, for what goes out on every channel."""
    if send.state in (Send.State.DONE, *OVER):
        return 0
    channels = 1 if send.campaign.reach == Campaign.Reach.FIRST else len(send.campaign.channels)
    return (send.audience_size or send.expected_volume) * channels


def progress(states: Counter[str]) -> Progress | None:
    """None until anybody is admitted."""
    admitted = sum(states.values())
    if not admitted:
        return None
    still_open = sum(states[state] for state in Delivery.OPEN)
    return Progress(admitted, states[State.SENT], admitted - still_open, states[State.UNCERTAIN], states[State.FAILED])


def first_name(campaign: Campaign) -> str:
    owner = campaign.owner
    return (owner.first_name or owner.get_username()) if owner else ""


def goal_words(campaign: Campaign) -> str:
    if campaign.milestone:
        return campaign.milestone.name
    words = campaign.goal_event.replace("_", " ")
    return words[:1].upper() + words[1:]


@lru_cache(maxsize=100)
def channel_icons(channels: tuple[str, ...]) -> SafeString:
    icons = ((render_to_string("calendar_project/channel_icon.html", {"channel": name}),) for name in channels)
    return format_html_join("", "{}", icons)
