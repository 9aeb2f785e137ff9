"""What a channel is: it is handed frozen messages and says what became of each. It decides nothing else."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, ClassVar


class Verdict(StrEnum):
    """What a channel can say of one message."""

    ACCEPTED = "accepted"  # the other side has taken responsibility for it
    DEFERRED = "deferred"  # it has certainly not left; worth another try later
    REJECTED = "rejected"  # it has certainly not left, and never will
    AMBIGUOUS = "ambiguous"  # it may have left: the answer was lost after the point of no return


@dataclass(frozen=True)
class Outgoing:
    """One rendered message on its way to one customer; plain values, so that no channel sees a model."""

    delivery_id: int
    message_id: str  # stable over retries; the idempotency key where the other side has one
    customer_id: int
    external_id: str
    address: str  # e-mail address; empty where the channel needs none
    subject: str = ""
    text: str = ""
    html: str = ""
    title: str = ""
    body: str = ""
    link: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Outcome:
    """The verdict on one message, with what was seen."""

    delivery_id: int
    verdict: Verdict
    evidence: Mapping[str, Any] = field(default_factory=dict)
    suppress: str = ""  # "bounce": the address does not exist, nothing more goes there
    slow_down: bool = False  # the other side asks the whole channel to wait (421, 429)


class Channel:
    """The base of every channel. Subclasses say how customers are reached and implement `send`."""

    #: What customers read on the preference page; every channel that they can have an opinion on has one.
    label: ClassVar[str] = ""
    #: The field of a customer that must be filled to reach them; empty: everyone is reachable.
    address_field: ClassVar[str] = ""
    #: Local channels write to our own database, inside the transaction that records the outcome.
    is_local: ClassVar[bool] = False
    #: Whether the other side recognises `message_id`, so that an ambiguous message may be sent again.
    is_idempotent: ClassVar[bool] = False
    #: The message fields that this channel needs filled, and all that it uses.
    required_fields: ClassVar[tuple[str, ...]] = ()
    fields: ClassVar[tuple[str, ...]] = ()

    def send(self, batch: Sequence[Outgoing]) -> Iterator[Outcome]:
        """Yield one outcome per message, in order, as each is known. Lazily: the caller may stop asking.

        Never raises for one message's sake. A message that was not asked for has not left. (A local channel is
        always asked to the end, inside one transaction, and may write everything at the first question.)
        """
        raise NotImplementedError

    def close(self) -> None:
        """Let go of connections. Safe to call twice."""

    def forget(self, message_ids: Sequence[str]) -> None:
        """Delete what this channel itself keeps of these messages: their customer is being erased."""
