"""A channel that keeps what it is given in memory and answers as told: for tests and for trying things out."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import ClassVar

from deliveries.channels.base import Channel, MayLeave, Outcome, Outgoing, Verdict


class MemoryChannel(Channel):
    """`sent` holds what was accepted. `answers` maps an external id to the outcomes of its next tries.

    Both belong to the class, because each dispatch makes a channel of its own; call `clear()` before a test.
    """

    label: ClassVar[str] = "Test messages"
    required_fields: ClassVar[tuple[str, ...]] = ("title",)
    fields: ClassVar[tuple[str, ...]] = ("title", "body", "link", "subject", "html", "text")
    sent: ClassVar[list[Outgoing]] = []
    answers: ClassVar[dict[str, list[Verdict | Outcome]]] = {}
    # Called with each message that was taken, before it is asked about, and with each that may leave, before it is
    # answered: where a test pauses, kills or looks around.
    on_message: ClassVar[Callable[[Outgoing], None] | None] = None
    on_leaving: ClassVar[Callable[[Outgoing], None] | None] = None

    def send(self, messages: Iterable[Outgoing], may_leave: MayLeave) -> Iterator[Outcome]:
        for outgoing in messages:
            if MemoryChannel.on_message is not None:
                MemoryChannel.on_message(outgoing)
            if not may_leave(outgoing.delivery_id):
                yield Outcome(outgoing.delivery_id, Verdict.HELD)
                continue
            if MemoryChannel.on_leaving is not None:
                MemoryChannel.on_leaving(outgoing)
            outcome = self._answer(outgoing)
            if outcome.verdict is Verdict.ACCEPTED:
                self.sent.append(outgoing)
            yield outcome
            if outcome.slow_down:
                return

    def forget(self, message_ids: Sequence[str]) -> None:
        self.sent[:] = [outgoing for outgoing in self.sent if outgoing.message_id not in set(message_ids)]

    @classmethod
    def clear(cls) -> None:
        cls.sent.clear()
        cls.answers.clear()
        cls.on_message = cls.on_leaving = None

    def _answer(self, outgoing: Outgoing) -> Outcome:
        script = self.answers.get(outgoing.external_id)
        answer = script.pop(0) if script else Verdict.ACCEPTED
        if isinstance(answer, Outcome):
            return answer
        return Outcome(outgoing.delivery_id, answer, {"phase": "memory", "text": f"told to be {answer}"})
