"""What every channel promises. A channel's own tests inherit this and say how to make one and look at its sink."""

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

import pytest

from deliveries.channels.base import Channel, Outcome, Outgoing, Verdict

SURPRISING_TEXTS = [
    "Grüße, 你好, مرحبا, 🎉",
    "x" * 3000,
    ".\r\n..\n.",
    "lines\rof\r\nevery\nkind",
    "<b>&amp;</b> {{ braces }}",
    "NUL \x00 and \x07",
]


def go(delivery_id: int) -> bool:
    """What is asked before each message leaves, where nothing stands against it."""
    return True


class ChannelContract:
    """Subclasses give `open_channel` and `received`, and may name an address that is refused."""

    def open_channel(self) -> Channel:
        raise NotImplementedError

    def received(self) -> list[str]:
        """The subjects or titles that came out at the other side, oldest first."""
        raise NotImplementedError

    def outgoing(self, number: int = 1, **fields: str) -> Outgoing:
        values = {
            "subject": f"Subject {number}",
            "text": "Text",
            "html": "<p>Text</p>",
            "title": f"Subject {number}",
            "body": "Text",
            "link": "https://example.com/",
            **fields,
        }
        return Outgoing(
            delivery_id=number,
            message_id=f"{number}.0123456789abcdef",
            customer_id=number,
            external_id=f"c{number}",
            address=values.pop("address", f"c{number}@example.com"),
            **values,  # type: ignore[arg-type]
        )

    @contextmanager
    def channel(self) -> Iterator[Channel]:
        channel = self.open_channel()
        try:
            yield channel
        finally:
            channel.close()

    def send(self, *batch: Outgoing, may_leave: Callable[[int], bool] = go) -> list[Outcome]:
        """The outcomes, by delivery: they may come in any order."""
        with self.channel() as channel:
            return sorted(channel.send(batch, may_leave), key=lambda outcome: outcome.delivery_id)

    def verdicts(self, *batch: Outgoing, may_leave: Callable[[int], bool] = go) -> list[tuple[int, Verdict]]:
        return [(outcome.delivery_id, outcome.verdict) for outcome in self.send(*batch, may_leave=may_leave)]

    def batch(self, count: int) -> list[Outgoing]:
        return [self.outgoing(number) for number in range(1, count + 1)]

    def test_there_is_one_outcome_per_message(self) -> None:
        verdicts = self.verdicts(*(self.outgoing(number) for number in (3, 1, 2)))
        assert verdicts == [(number, Verdict.ACCEPTED) for number in (1, 2, 3)]
        assert sorted(self.received()) == ["Subject 1", "Subject 2", "Subject 3"]

    def test_an_empty_batch_opens_nothing_and_says_nothing(self) -> None:
        assert self.send() == []

    def test_what_was_not_taken_is_not_answered_for_and_does_not_leave(self) -> None:
        taken: list[str] = []
        with self.channel() as channel:
            answers = channel.send(_taking(self.batch(60), taken), go)
            first = next(answers)
            answers.close()  # type: ignore[attr-defined]
        assert f"Subject {first.delivery_id}" in taken
        assert len(taken) < 60
        assert set(self.received()) <= set(taken)

    def test_every_message_is_asked_about_before_it_leaves(self) -> None:
        asked: list[int] = []

        def may_leave(delivery_id: int) -> bool:
            asked.append(delivery_id)
            return f"Subject {delivery_id}" not in self.received()

        assert {verdict for _, verdict in self.verdicts(*self.batch(9), may_leave=may_leave)} == {Verdict.ACCEPTED}
        assert sorted(asked) == list(range(1, 10))

    def test_what_must_not_leave_is_held_and_the_others_go(self) -> None:
        verdicts = self.verdicts(*self.batch(9), may_leave=lambda delivery_id: delivery_id not in (1, 4, 5))
        assert [number for number, verdict in verdicts if verdict is Verdict.HELD] == [1, 4, 5]
        assert [number for number, verdict in verdicts if verdict is Verdict.ACCEPTED] == [2, 3, 6, 7, 8, 9]
        assert sorted(self.received()) == [f"Subject {number}" for number in (2, 3, 6, 7, 8, 9)]

    def test_nothing_leaves_where_nothing_may(self) -> None:
        assert {verdict for _, verdict in self.verdicts(*self.batch(5), may_leave=lambda _: False)} == {Verdict.HELD}
        assert self.received() == []

    def test_a_caller_who_stopped_asking_may_send_again(self) -> None:
        with self.channel() as channel:
            answers = channel.send([self.outgoing(1), self.outgoing(2)], go)
            next(answers)
            answers.close()  # type: ignore[attr-defined]
            again = list(channel.send([self.outgoing(3)], go))
        assert [(outcome.delivery_id, outcome.verdict) for outcome in again] == [(3, Verdict.ACCEPTED)]

    def test_a_channel_that_was_closed_opens_again(self) -> None:
        with self.channel() as channel:
            for number in (1, 2):
                outcomes = list(channel.send([self.outgoing(number)], go))
                channel.close()
                assert [outcome.verdict for outcome in outcomes] == [Verdict.ACCEPTED]

    def test_messages_may_take_a_moment_to_come(self) -> None:
        def slowly() -> Iterator[Outgoing]:
            for outgoing in self.batch(5):
                time.sleep(0.005)
                yield outgoing

        with self.channel() as channel:
            assert sorted(outcome.delivery_id for outcome in channel.send(slowly(), go)) == [1, 2, 3, 4, 5]

    @pytest.mark.parametrize("text", SURPRISING_TEXTS)
    def test_no_text_raises_and_none_is_dropped_silently(self, text: str) -> None:
        fields = ("subject", "text", "html", "title", "body")
        awkward = self.outgoing(1, **dict.fromkeys(fields, text))
        outcomes = self.send(awkward, self.outgoing(2))
        assert outcomes[1].verdict is Verdict.ACCEPTED
        assert outcomes[0].verdict is Verdict.ACCEPTED or outcomes[0].evidence
        taken = [outcome for outcome in outcomes if outcome.verdict is Verdict.ACCEPTED]
        assert len(self.received()) == len(taken)

    def test_a_lone_surrogate_ends_its_own_message_at_most(self) -> None:
        fields = ("subject", "text", "html", "title", "body")
        outcomes = self.send(self.outgoing(1, **dict.fromkeys(fields, "half \ud83c")), self.outgoing(2))
        assert [outcome.delivery_id for outcome in outcomes] == [1, 2]
        assert outcomes[1].verdict is Verdict.ACCEPTED

    def test_no_text_becomes_a_header(self) -> None:
        injected = "Hello\r\nBcc: eve@example.com\r\n\r\nbody"
        outcomes = self.send(self.outgoing(1, subject=injected, title=injected))
        assert len(self.received()) == sum(outcome.verdict is Verdict.ACCEPTED for outcome in outcomes)
        self.check_nobody_else_got_it()

    def check_nobody_else_got_it(self) -> None:
        """Channels with headers look whether one was smuggled in."""

    def test_a_required_field_that_is_empty_is_refused_aloud(self) -> None:
        with self.channel() as channel:
            for name in channel.required_fields:
                outcome = next(iter(channel.send([self.outgoing(1, **{name: ""})], go)))
                assert (outcome.verdict, bool(outcome.evidence["text"])) == (Verdict.REJECTED, True)

    def test_closing_twice_is_fine_and_so_is_closing_before_the_first_message(self) -> None:
        channel = self.open_channel()
        channel.close()
        channel.close()

    def test_evidence_can_be_written_down(self) -> None:
        import json

        for outcome in self.send(self.outgoing()):
            json.dumps(dict(outcome.evidence))

    def test_it_says_what_customers_call_it(self) -> None:
        assert self.open_channel().label


def _taking(batch: Iterable[Outgoing], taken: list[str]) -> Iterator[Outgoing]:
    for outgoing in batch:
        taken.append(outgoing.subject)
        yield outgoing
