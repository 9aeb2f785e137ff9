"""Handing over one message after the other, for whoever has one door."""

from collections.abc import Callable, Generator, Iterable
from typing import Protocol, TypeVar

from deliveries.channels.base import MayLeave, Outcome, Verdict


class Message(Protocol):
    @property
    def delivery_id(self) -> int: ...


M = TypeVar("M", bound=Message)


def in_turn(
    messages: Iterable[M], may_leave: MayLeave, deliver: Callable[[M], Outcome]
) -> Generator[Outcome, None, None]:
    """Take, ask, deliver, answer. Takes no more once it was told to slow down."""
    for message in messages:
        if not may_leave(message.delivery_id):
            yield Outcome(message.delivery_id, Verdict.HELD)
            continue
        outcome = deliver(message)
        yield outcome
        if outcome.slow_down:
            return
