"""What a channel is: it is handed frozen messages and says what became of each. It decides nothing else."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from types import MappingProxyType
from typing import Any, ClassVar, NamedTuple

from deliveries.mail import MailContent

#: Asked right before a message's point of no return, with the delivery's id; False: it must not leave.
MayLeave = Callable[[int], bool]


class Verdict(StrEnum):
    """What a channel can say of one message."""

    ACCEPTED = "accepted"  # the other side has taken responsibility for it
    DEFERRED = "deferred"  # it has certainly not left; worth another try later
    REJECTED = "rejected"  # it has certainly not left, and never will
    AMBIGUOUS = "ambiguous"  # it may have left: the answer was lost after the point of no return
    HELD = "held"  # it was taken and has certainly not left, for no fault of its own: nothing was tried


NO_HEADERS: Mapping[str, str] = MappingProxyType({})
NO_EVIDENCE: Mapping[str, Any] = MappingProxyType({})


class Outgoing(NamedTuple):
    """One rendered message on its way to one customer; plain values, so that no channel sees a model.

    A channel that carries mail is handed `mail`, where the texts are encoded already; others have their own fields.
    """

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
    headers: Mapping[str, str] = NO_HEADERS
    mail: MailContent | None = None


class Outcome(NamedTuple):
    """The verdict on one message, with what was seen."""

    delivery_id: int
    verdict: Verdict
    evidence: Mapping[str, Any] = NO_EVIDENCE
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
    #: Whether it hands on e-mail: its messages come as `mail`, with the headers that a list's mail must have.
    carries_mail: ClassVar[bool] = False
    #: The message fields that this channel needs filled, and all that it uses.
    required_fields: ClassVar[tuple[str, ...]] = ()
    fields: ClassVar[tuple[str, ...]] = ()

    def send(self, messages: Iterable[Outgoing], may_leave: MayLeave) -> Iterator[Outcome]:
        """Take messages as there is room for them; yield one outcome for each that was taken, in any order.

        A message that was not taken has not left, and taking one may take a moment: it is rendered then. Before the
        point of no return of each message comes `may_leave(delivery_id)`: it is written down, and where it says no
        (its campaign was paused meanwhile), the message must not leave and its verdict is `HELD`. So is that of a
        message that could not be tried because others were told to slow down.

        Never raises for one message's sake. Where the caller stops asking (`close` of the generator), what was taken
        and not answered for is the caller's to settle. A local channel is called inside the transaction that records
        the outcomes, with everything at once.
        """
        raise NotImplementedError

    def close(self) -> None:
        """Let go of connections. Safe to call twice."""

    def forget(self, message_ids: Sequence[str]) -> None:
        """Delete what this channel itself keeps of these messages: their customer is being erased."""
